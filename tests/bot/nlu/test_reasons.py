"""Reasons in the words people use."""

from __future__ import annotations

import pytest

from bot.nlu.reasons import find_reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It simply does not suit the desk.", "does_not_fit"),
        ("it doesn't go with my kitchen", "does_not_fit"),
        ("to big", "does_not_fit"),
        ("much too small for us", "does_not_fit"),
    ],
)
def test_what_does_not_fit(text: str, reason: str) -> None:
    assert [found.value for found in find_reasons(text)] == [reason]

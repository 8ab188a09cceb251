"""How the suite `messages` counts what a bot does with a message."""

from __future__ import annotations

import pytest

from benchmarks.messages import Answered


@pytest.mark.parametrize(
    ("meant", "intent", "possible", "what"),
    [
        ("order_status", "order_status", {"order_status"}, "right"),
        ("order_status", "track_package", {"track_package"}, "wrong"),
        ("order_status", "nlu_ambiguous", {"order_status", "order_late"}, "asked"),
        ("order_status", "nlu_ambiguous", {"order_late", "complaint"}, "asked_past"),
        ("order_status", "nlu_unsure", {"order_status"}, "unsure"),
        ("order_status", "nlu_fallback", set(), "unsure"),
        ("out_of_scope", "nlu_unsure", {"chitchat"}, "right"),
        ("out_of_scope", "chitchat", {"chitchat"}, "wrong"),
    ],
)
def test_what_became_of_a_message(meant: str, intent: str, possible: set[str], what: str) -> None:
    assert Answered(meant, intent, intent, frozenset(possible)).what == what

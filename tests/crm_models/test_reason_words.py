"""Reasons in words: every feature has them, and numbers are told as people tell them."""

from __future__ import annotations

import pytest

from crm_models.features import FEATURES
from crm_models.model import reason
from crm_models.reason_words import has_words, reason_in_words, reasons_in_words


@pytest.mark.parametrize("column", FEATURES)
def test_every_feature_has_words(column: str) -> None:
    assert has_words(column), column
    for value in (0.0, 1.0, 3.4, -0.6 if column == "sentiment" else 120.0):
        told = reason_in_words(reason(column, value))
        assert told and "_" not in told and ":" not in told


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("no_order_for:74", "no order for 74 days"),
        ("no_order_for:1", "no order for 1 day"),
        ("open_complaints:2", "two unresolved complaints"),
        ("open_complaints:1", "one unresolved complaint"),
        ("late_deliveries:12", "12 late deliveries in a year"),
        ("sentiment:-0.6", "unhappy in messages and feedback (mood -0.6)"),
        ("spent_cents:123456", "spent 1,235 in all"),
        ("newsletter_left:1", "cancelled the newsletter"),
        ("some_new_column:3.5", "some new column: 3.5"),
        ("Contract=Month-to-month", "Contract: Month-to-month"),
        ("odd", "odd"),
    ],
)
def test_a_reason_reads_as_a_person_would_say_it(stored: str, told: str) -> None:
    assert reason_in_words(stored) == told


def test_reasons_are_one_line_the_strongest_first() -> None:
    stored = ("no_order_for:74", "open_complaints:2", "late_deliveries:1")
    assert reasons_in_words(stored, 2) == "no order for 74 days, two unresolved complaints"

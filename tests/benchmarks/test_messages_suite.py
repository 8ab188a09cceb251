"""How the suite `messages` counts what a bot does with a message."""

from __future__ import annotations

import pytest

from benchmarks.messages import Answered, _rows


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


def test_the_shares_are_those_of_all_messages() -> None:
    said = [
        Answered("order_status", "order_status", "order_status", frozenset()),
        Answered("order_status", "nlu_unsure", "order_status", frozenset()),
        Answered("order_status", "cancel_order", "cancel_order", frozenset()),
        Answered("greet", "greet", "greet", frozenset()),
    ]
    shares = {row.name: (row.value, row.peers["peer"]) for row in _rows(said, {"peer": said[:2]})}
    assert shares["does what was meant"] == (0.5, 0.5)
    assert shares["unsure: searches the articles"] == (0.25, 0.5)
    assert shares["does something else"] == (0.25, 0.0)
    assert shares["likeliest intent is the right one"] == (0.75, 1.0)

"""An unhappy customer is spoken to without cheer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.clarify import ActionClarify
from actions.context import Context
from actions.frustration import Frustration
from actions.services import services
from actions.turn import Turn
from crm_models.database import create_engine, migrate
from crm_models.identity import Identity, Trust

CALM = Turn(
    conversation_id="web-1", channel="web", text="hello", intent="greet", intent_set=(), entities={}, sentiment=0.0,
    frustrated=False, frustration=Frustration(0.0, ()), question="hello", passages=(), answerable=0.0, asks_more=False,
    follows=False, foreign_language=None, now=datetime(2026, 5, 13, 10, 0),
)  # fmt: skip


def said(turn: Turn, topic: str, outcome: str | None = None, **fields: Any) -> str:
    engine = create_engine("sqlite://")
    migrate(engine)
    dispatcher = CollectingDispatcher()
    with engine.begin() as connection:
        visitor = Identity("web-1", None, Trust.ANONYMOUS)
        Context(dispatcher, {}, [], turn, connection, visitor, services()).say(topic, outcome, **fields)
    return str(dispatcher.messages[0]["response"])


@pytest.mark.parametrize(
    ("turn", "response"),
    [
        (CALM, "utter_greet_known"),
        (replace(CALM, sentiment=0.9), "utter_greet_known"),
        (replace(CALM, sentiment=-0.35), "utter_greet_known_calm"),
        (replace(CALM, frustrated=True), "utter_greet_known_calm"),
    ],
)
def test_a_greeting_by_the_mood(turn: Turn, response: str) -> None:
    assert said(turn, "greet", "known", named=" Ada") == response


@pytest.mark.parametrize("topic", ["thanks", "goodbye"])
def test_who_is_unhappy_is_thanked_and_let_go_without_cheer(topic: str) -> None:
    assert said(CALM, topic) == f"utter_{topic}"
    assert said(replace(CALM, frustrated=True), topic) == f"utter_{topic}_calm"


@pytest.mark.parametrize(("sure", "action"), [(0.83, "action_goodbye"), (0.45, "action_answer")])
def test_nobody_is_asked_what_they_mean_by_a_goodbye(sure: float, action: str) -> None:
    engine = create_engine("sqlite://")
    migrate(engine)
    likely = ({"name": "goodbye", "confidence": sure}, {"name": "thanks", "confidence": 0.16})
    turn = replace(CALM, text="thanks, bye", intent="nlu_ambiguous", intent_set=likely)
    with engine.begin() as connection:
        visitor = Identity("web-1", None, Trust.ANONYMOUS)
        events = ActionClarify().act(Context(CollectingDispatcher(), {}, [], turn, connection, visitor, services()))
    assert [event["name"] for event in events] == [action]


def test_a_sentence_without_a_calm_variant_stays() -> None:
    assert said(replace(CALM, sentiment=-0.9), "greet", "late_order") == "utter_greet_late_order"

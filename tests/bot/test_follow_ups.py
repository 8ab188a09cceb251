"""Which messages are taken as following the question before them."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActiveLoop, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.follow_ups import earlier_of
from bot.nlu.earlier import Earlier, said_earlier, understood_after

ASKED = "how long do I have to send something back?"
ANSWER = {"utter_action": "utter_answer_answered", "sources": [{"title": "Returning an item", "id": "returns"}]}


def conversation(*answer: dict[str, Any], asked_at: float = 1000.0) -> DialogueStateTracker:
    asked = UserUttered(ASKED, {"name": "ask_returns"}, metadata={"received_at": asked_at})
    replies = [BotUttered("30 days.", metadata=each) for each in answer]
    return DialogueStateTracker.from_events("c", [asked, *replies])


@pytest.mark.parametrize("text", ["and for gold members?", "What about sale items?", "for gold?", "ok, and who pays?"])
def test_a_message_that_leans_on_the_question_before_follows_it(text: str) -> None:
    assert earlier_of(conversation(ANSWER), text, 1060.0) == Earlier((ASKED, "Returning an item"))


@pytest.mark.parametrize(
    "text", ["how do I get limescale out of my kettle?", "/affirm", "", "where is the parcel I ordered"]
)
def test_a_message_that_stands_by_itself_follows_nothing(text: str) -> None:
    assert earlier_of(conversation(ANSWER), text, 1060.0) == Earlier()


def test_only_an_answer_from_an_article_is_followed() -> None:
    assert earlier_of(conversation({"utter_action": "utter_greet"}), "and for gold members?", 1060.0) == Earlier()
    assert earlier_of(conversation(), "and for gold members?", 1060.0) == Earlier()


def test_nothing_is_followed_after_a_while() -> None:
    assert earlier_of(conversation(ANSWER), "and for gold members?", 1000.0 + 16 * 60) == Earlier()


def test_in_a_task_a_question_in_between_is_followed_and_a_short_answer_is_not() -> None:
    busy = conversation(ANSWER)
    busy.update(ActiveLoop("cancel_form"))
    assert earlier_of(busy, "and for gold members?", 1060.0) == Earlier((ASKED, "Returning an item"))
    assert earlier_of(busy, "the lamp", 1060.0) == Earlier()


GRINDER = {"utter_action": "utter_wish_one", "name": "Tarnwell hand grinder", "category": "coffee and tea"}


@pytest.mark.parametrize(
    "text", ["how do I clean it?", "and what's the warranty on that", "Ok, are they dishwasher safe"]
)
def test_it_is_the_product_that_was_told_of(text: str) -> None:
    assert earlier_of(conversation(GRINDER), text, 1060.0) == Earlier(("Tarnwell hand grinder",), is_thing=True)


@pytest.mark.parametrize(
    "text", ["how do I clean a kettle?", "that's not what I meant", "it leaks", "where is my order"]
)
def test_what_is_no_question_about_it_is_not_about_the_product(text: str) -> None:
    assert earlier_of(conversation(GRINDER), text, 1060.0) == Earlier()


def test_a_product_is_it_only_for_some_messages_and_some_time() -> None:
    talked = conversation(GRINDER)
    for number in range(3):
        asked = {"received_at": 1010.0 + number}
        talked.update(UserUttered("is it in stock", {"name": "stock_check"}, metadata=asked))
    assert earlier_of(talked, "how do I clean it?", 1060.0).is_thing
    talked.update(UserUttered("thanks", {"name": "thanks"}, metadata={"received_at": 1020.0}))
    assert earlier_of(talked, "how do I clean it?", 1060.0) == Earlier()
    assert earlier_of(conversation(GRINDER), "how do I clean it?", 1000.0 + 16 * 60) == Earlier()


def test_what_was_said_earlier_holds_only_while_a_message_is_understood() -> None:
    with understood_after(Earlier(("a", "b"))):
        assert said_earlier().texts == ("a", "b")
    assert said_earlier() == Earlier()

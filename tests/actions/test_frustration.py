"""What the course of a conversation tells about a customer's patience."""

from __future__ import annotations

from typing import Any

import pytest

from actions.frustration import FRUSTRATED_FROM, LOOK_BACK, frustration_in


def customer(text: str, score: float = 0.0, frustration: float = 0.0) -> dict[str, Any]:
    return {"event": "user", "text": text, "parse_data": {"sentiment": {"score": score, "frustration": frustration}}}


def bot(response: str) -> dict[str, Any]:
    return {"event": "bot", "text": "...", "metadata": {"utter_action": response}}


def test_an_empty_conversation_shows_nothing() -> None:
    assert frustration_in([]).level == 0.0


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("where is my parcel with the lamp", "Where is my parcel with the lamp?"),
        ("how do I clean the filter of my kettle", "please, how do I clean the kettle filter"),
        ("when will HV-104306 arrive", "I said when will HV-104306 arrive"),
    ],
)
def test_saying_nearly_the_same_again_is_a_sign(first: str, again: str) -> None:
    found = frustration_in([customer(first), bot("utter_answer_answered"), customer(again)])
    assert found.signs == ("said_again",) and found.level > 0


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("when will HV-104306 arrive", "when will HV-104233 arrive"),
        ("I want to cancel my order", "I want to change the address of my order"),
        ("yes", "yes"),
        ("hello", "hello"),
        ("where is my parcel", "thank you"),
    ],
)
def test_another_question_and_short_answers_are_none(first: str, other: str) -> None:
    assert frustration_in([customer(first), bot("utter_order_status_shipped"), customer(other)]).signs == ()


def test_a_question_that_the_bot_asks_again_is_a_sign() -> None:
    once = [customer("cancel my order"), bot("utter_ask_reason"), customer("well")]
    assert frustration_in(once).signs == ()
    assert frustration_in([*once, bot("utter_ask_reason"), customer("hm")]).signs == ("asked_again",)


def test_answers_that_happen_to_have_one_name_are_no_question_asked_again() -> None:
    events = [customer("one"), bot("utter_answer_answered"), customer("two"), bot("utter_answer_answered")]
    assert frustration_in([*events, customer("three")]).signs == ()


def test_unhappy_messages_in_a_row_weigh_more_and_more() -> None:
    angry = [customer(f"{number} bad", score=-0.8) for number in ("first", "second", "third")]
    levels = [frustration_in(angry[:count]).level for count in (1, 2, 3)]
    assert levels[0] == 0 < levels[1] < levels[2]
    assert frustration_in([*angry, customer("ah, thank you", score=0.7)]).level == 0


def test_the_message_itself_and_the_conversation_add_up() -> None:
    alone = frustration_in([customer("I already told you where my lamp is", -0.5, 0.4)]).level
    again = frustration_in(
        [customer("tell me where my lamp is", -0.5), bot("utter_x"), customer("I told you where my lamp is", -0.5, 0.4)]
    )
    assert alone < FRUSTRATED_FROM < again.level <= 1.0


def test_what_was_said_long_ago_or_in_another_session_is_forgiven() -> None:
    between = [customer(text) for text in ("a b", "c d", "e f", "g h", "i j", "k l")]
    assert len(between) > LOOK_BACK
    assert frustration_in([customer("where is my lamp"), *between, customer("where is my lamp")]).signs == ()
    session = {"event": "session_started"}
    assert frustration_in([customer("where is my lamp"), session, customer("where is my lamp")]).signs == ()


def test_a_button_that_is_pressed_says_nothing_new() -> None:
    events = [customer("where is my lamp"), bot("utter_clarify_several"), customer("/order_status")]
    assert frustration_in(events).level == 0.0
    assert frustration_in([*events, customer("where is my lamp")]).signs == ("said_again",)


def test_the_second_request_of_a_message_is_not_said_again() -> None:
    both = customer("how many points do I have and how long can I return things?")
    part = customer("how long can I return things?") | {"metadata": {"part_of": "m1"}}
    assert frustration_in([both, bot("utter_loyalty_points"), part]).signs == ()

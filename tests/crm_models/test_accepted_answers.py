"""Which answers helped, as the log tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.accepted_answers import Sign, accepted_answers, mark_opened, take_back
from crm_models.tables import escalations, feedback, messages

DAY = datetime(2026, 11, 3, 10)
QUESTION = "how long can I return a kettle"


def at(minute: float) -> datetime:
    return DAY + timedelta(minutes=minute)


def say(connection: Connection, minute: int, text: str, **facts: Any) -> None:
    row = {
        "event_id": f"e{minute}",
        "conversation_id": "web:1",
        "author": "customer",
        "text": text,
        "intent": "ask_returns",
        "intent_set": [{"name": "ask_returns", "confidence": 0.9}],
        "created_at": at(minute),
    }
    connection.execute(insert(messages).values(row | facts))


def answer(connection: Connection, minute: int, *articles: str, **facts: Any) -> None:
    reply = {"author": "bot", "intent": None, "intent_set": None, "response": "utter_answer_answered"}
    passages = [f"{name}#1" for name in articles]
    say(connection, minute, "30 days.", **{**reply, "passages": passages, **facts})


def thank(connection: Connection, minute: int) -> None:
    say(connection, minute, "thanks, that helped", intent="thanks")


@pytest.fixture
def asked(connection: Connection) -> Connection:
    say(connection, 0, QUESTION)
    answer(connection, 1, "returns")
    return connection


def signs(connection: Connection) -> list[tuple[str, Sign]]:
    return [(each.question, each.sign) for each in accepted_answers(connection)]


def test_an_answer_nobody_said_anything_about_is_not_accepted(asked: Connection) -> None:
    assert signs(asked) == []
    say(asked, 2, "where is my order", intent="order_status")
    thank(asked, 3)
    assert signs(asked) == []


def test_thanks_right_after_it_accept_an_answer(asked: Connection) -> None:
    thank(asked, 2)
    (accepted,) = accepted_answers(asked)
    assert (accepted.question, accepted.sign, accepted.passages) == (QUESTION, Sign.THANKED, ("returns#1",))
    assert accepted.event_id == "e1"


def test_a_followed_source_accepts_the_answer_that_named_it(asked: Connection) -> None:
    mark_opened(asked, "web:1", "warranty", at(1.2))
    mark_opened(asked, "web:2", "returns", at(1.3))
    assert signs(asked) == []
    mark_opened(asked, "web:1", "returns", at(1.5))
    assert signs(asked) == [(QUESTION, Sign.OPENED)]
    say(asked, 2, "that is not what I asked", intent="deny")
    assert signs(asked) == []


def test_a_good_rating_accepts_the_only_answer(asked: Connection) -> None:
    asked.execute(insert(feedback).values(conversation_id="web:1", rating=5, created_at=at(9)))
    assert signs(asked) == [(QUESTION, Sign.RATED)]
    # With two of them nobody knows which was meant.
    say(asked, 2, "and who pays the postage of it then")
    answer(asked, 3, "returns")
    assert signs(asked) == []


@pytest.mark.parametrize("what", ["person", "rating", "staff"])
def test_what_speaks_against_an_answer_takes_it_back(asked: Connection, what: str) -> None:
    thank(asked, 2)
    assert signs(asked)
    if what == "person":
        row = {"conversation_id": "web:1", "reason": "asked", "status": "waiting", "created_at": at(2.5)}
        asked.execute(insert(escalations).values(row))
    elif what == "rating":
        asked.execute(insert(feedback).values(conversation_id="web:1", rating=1, created_at=at(9)))
    else:
        assert take_back(asked, "e1", "asked for something else", at(60))
        assert not take_back(asked, "nobody", "", at(60))
    assert signs(asked) == []


def test_an_answer_in_doubt_to_a_button_or_among_several_teaches_nothing(connection: Connection) -> None:
    say(connection, 0, QUESTION)
    answer(connection, 1, "returns", response="utter_answer_unsure")
    thank(connection, 2)
    say(connection, 10, "Returns", intent_set=None)
    answer(connection, 11, "returns")
    thank(connection, 12)
    say(connection, 20, "how long is the warranty and how do I return it")
    answer(connection, 21, "returns")
    answer(connection, 22, "warranty")
    thank(connection, 23)
    assert signs(connection) == []

"""What customers typed, what was understood, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.label_log import LoggedMessage, logged_messages, messages_by_id
from crm_models.tables import conversations, customers, escalations, feedback, messages

DAY = datetime(2026, 11, 3, 10)
DOUBT = [{"name": "order_status", "confidence": 0.5}, {"name": "order_late", "confidence": 0.4}]
SURE = [{"name": "greet", "confidence": 0.99}]


def say(connection: Connection, minute: int, text: str, conversation: str = "web:1", **facts: Any) -> int:
    row = {
        "event_id": f"{conversation}:{minute}:{text}",
        "conversation_id": conversation,
        "author": "customer",
        "text": text,
        "intent": "greet",
        "intent_set": SURE,
        "created_at": DAY + timedelta(minutes=minute),
    }
    return connection.execute(insert(messages).values(row | facts)).inserted_primary_key[0]


def found(connection: Connection, since: date | None = None) -> dict[str, LoggedMessage]:
    return {each.text: each for each in logged_messages(connection, since)}


def test_only_what_customers_typed_is_there(connection: Connection) -> None:
    say(connection, 0, "hello")
    say(connection, 1, "Status of an order", intent_set=None)
    say(connection, 2, "a reply", author="bot", intent=None, intent_set=None)
    say(connection, 3, "from a person", author="staff", intent=None, intent_set=None)
    say(connection, 4, None)
    assert set(found(connection)) == {"hello"}
    assert set(found(connection, (DAY + timedelta(days=1)).date())) == set()
    assert set(found(connection, DAY.date())) == {"hello"}


def test_the_button_that_was_pressed_says_what_was_meant(connection: Connection) -> None:
    say(connection, 0, "my order?", intent="nlu_ambiguous", intent_set=DOUBT)
    say(connection, 1, "which do you mean", author="bot", intent=None, intent_set=None)
    say(connection, 2, "My order is late", intent="order_late", intent_set=None)
    say(connection, 3, "and now?", intent="nlu_ambiguous", intent_set=DOUBT)
    say(connection, 4, "Yes", intent="affirm", intent_set=None)
    assert found(connection)["my order?"].chosen == "order_late"
    assert found(connection)["and now?"].chosen is None
    assert found(connection)["my order?"].intent_set == (("order_status", 0.5), ("order_late", 0.4))


def test_a_person_brought_in_and_a_bad_rating_count_for_what_was_said_before(connection: Connection) -> None:
    for minute, text in enumerate(("early", "before", "a person please", "later")):
        say(connection, minute * 10, text)
    say(connection, 5, "elsewhere", conversation="web:2")
    at = DAY + timedelta(minutes=20, seconds=5)
    connection.execute(
        insert(escalations).values(conversation_id="web:1", reason="asked", status="waiting", created_at=at)
    )
    connection.execute(insert(feedback).values(conversation_id="web:1", rating=1, created_at=at))
    connection.execute(insert(feedback).values(conversation_id="web:2", rating=5, created_at=at))
    said = found(connection)
    assert {text for text, each in said.items() if each.escalated} == {"before", "a person please"}
    assert {text for text, each in said.items() if each.unhappy} == {"early", "before", "a person please"}


def test_what_the_shop_knows_of_the_customer_comes_along(connection: Connection) -> None:
    connection.execute(
        insert(customers).values(customer_id="C-1", first_name="Dagmar", city="Gelsenkirchen", created_at=DAY)
    )
    connection.execute(insert(conversations).values(conversation_id="web:1", customer_id="C-1", started_at=DAY))
    number = say(connection, 0, "hello")
    say(connection, 1, "nobody", conversation="web:2")
    assert found(connection)["hello"].known == {"first_name": "Dagmar", "city": "Gelsenkirchen"}
    assert found(connection)["nobody"].known == {}
    assert messages_by_id(connection, [number, 999]) == {number: found(connection)["hello"]}

"""What a returning customer is told of the last conversation: what a record proves, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from shop_fixture import DELIVERED, KETTLE_LINE, NOW, PENDING
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crm_models.complaints import close_complaint, open_complaint
from crm_models.memory import PAUSE, REMEMBERED_FOR, Memory, Remembered, last_conversation
from crm_models.order_records import OrderStatus
from crm_models.personal_fields import PersonalField, choose
from crm_models.tables import conversations, messages, orders, returns

ADA, BEN = "C-000001", "C-000002"
WEEK = timedelta(days=7)
TOLD = "utter_remembered_"


def talk(
    connection: Connection,
    *said: tuple[str, str, str | None, str | None],
    at: datetime = NOW - WEEK,
    conversation_id: str = "before",
    customer_id: str = ADA,
    trust: str = "verified",
    until: datetime | None = None,
) -> None:
    """A conversation; what was said as author, text, intent and response."""
    if connection.execute(select(conversations).filter_by(conversation_id=conversation_id)).first() is None:
        connection.execute(
            insert(conversations).values(
                conversation_id=conversation_id,
                customer_id=customer_id,
                trust=trust,
                trust_until=until,
                channel="telegram",
                started_at=at,
            )
        )
    for number, (author, text, intent, response) in enumerate(said):
        connection.execute(
            insert(messages).values(
                event_id=f"{conversation_id}-{at}-{number}",
                conversation_id=conversation_id,
                customer_id=customer_id,
                author=author,
                text=text,
                intent=intent,
                response=response,
                created_at=at + timedelta(seconds=number),
            )
        )


def asked_for(order_id: str) -> list[tuple[str, str, str | None, str | None]]:
    return [
        ("customer", "where is it?", "order_status", None),
        ("bot", f"Order {order_id} is on its way.", None, "utter_order_status_shipped"),
    ]


def memory(connection: Connection, customer_id: str = ADA, now: datetime = NOW, **options: Any) -> Memory | None:
    return last_conversation(connection, customer_id, options.get("conversation_id", "web-ada"), TOLD, now)


def set_order(connection: Connection, order_id: str, **values: Any) -> None:
    connection.execute(update(orders).where(orders.c.order_id == order_id).values(**values))


def test_an_order_that_was_asked_for_has_come_since(shop: Connection) -> None:
    set_order(shop, DELIVERED, delivered_at=NOW - timedelta(days=2))
    talk(shop, *asked_for(DELIVERED))
    found = memory(shop)
    assert found is not None
    assert (found.remembered, found.order_id, found.asked_at) == (Remembered.DELIVERED, DELIVERED, NOW - WEEK)
    assert found.products


def test_an_order_that_was_there_when_it_was_asked_for_is_no_matter(shop: Connection) -> None:
    set_order(shop, DELIVERED, delivered_at=NOW - timedelta(days=8))
    talk(shop, *asked_for(DELIVERED))
    assert memory(shop) is None


@pytest.mark.parametrize(
    ("status", "promised", "remembered"),
    [
        (OrderStatus.SHIPPED, NOW + WEEK, Remembered.ON_ITS_WAY),
        (OrderStatus.SHIPPED, NOW - timedelta(days=1), Remembered.LATE),
        (OrderStatus.PENDING, NOW + WEEK, Remembered.ON_ITS_WAY),
        (OrderStatus.CANCELLED, NOW + WEEK, None),
    ],
)
def test_an_order_is_told_as_it_stands_now(
    shop: Connection, status: OrderStatus, promised: datetime, remembered: Remembered | None
) -> None:
    set_order(shop, PENDING, status=status.value, promised_on=promised)
    talk(shop, *asked_for(PENDING))
    found = memory(shop)
    assert (found.remembered if found else None) is remembered


def test_an_order_of_somebody_else_that_the_text_names_is_not_told(shop: Connection) -> None:
    talk(shop, *asked_for("HV-100005"))
    assert memory(shop) is None


def test_a_complaint_is_told_as_open_or_settled_without_its_text(shop: Connection) -> None:
    at = NOW - WEEK
    talk(shop, ("customer", "my doctor says the smoke made me ill", "complaint", None))
    _, number = open_complaint(
        shop, customer_id=ADA, conversation_id="before", topic="complaint", text="my doctor says", now=at
    )
    found = memory(shop)
    assert found == Memory(Remembered.COMPLAINT_OPEN, at)
    close_complaint(shop, int(number or 0), NOW - timedelta(days=1))
    found = memory(shop)
    assert found == Memory(Remembered.COMPLAINT_CLOSED, at)


@pytest.mark.parametrize(
    ("kind", "status", "remembered"),
    [
        ("exchange", "requested", Remembered.REPLACEMENT_WAITING),
        ("exchange", "received", Remembered.REPLACEMENT_WAITING),
        ("exchange", "closed", Remembered.REPLACEMENT_DONE),
        ("return", "requested", Remembered.RETURN_WAITING),
        ("return", "received", Remembered.RETURN_DONE),
    ],
)
def test_what_was_sent_back_in_it(shop: Connection, kind: str, status: str, remembered: Remembered) -> None:
    talk(shop, ("customer", "I want another colour", "exchange_items", None))
    row = dict(order_id=PENDING, line_id=KETTLE_LINE, kind=kind, status=status, created_at=NOW - WEEK)
    shop.execute(insert(returns).values(**row))
    found = memory(shop)
    assert found is not None
    assert (found.remembered, found.products) == (remembered, ("Solvik rapid-boil kettle",))


def test_a_return_at_another_time_is_not_of_that_conversation(shop: Connection) -> None:
    talk(shop, ("customer", "hello", "greet", None))
    row = dict(order_id=PENDING, line_id=KETTLE_LINE, kind="return", status="requested")
    shop.execute(insert(returns).values(**row, created_at=NOW - timedelta(days=3)))
    assert memory(shop) is None


def test_only_conversations_in_which_the_customer_was_proved(shop: Connection) -> None:
    talk(shop, *asked_for(PENDING), trust="claimed")
    assert memory(shop) is None
    talk(shop, *asked_for(PENDING), conversation_id="expired", until=NOW - WEEK - timedelta(hours=1))
    assert memory(shop) is None


def test_what_is_long_ago_is_forgotten(shop: Connection) -> None:
    talk(shop, *asked_for(PENDING), at=NOW - REMEMBERED_FOR - timedelta(days=1))
    assert memory(shop) is None


def test_in_one_conversation_only_what_was_said_before_a_pause(shop: Connection) -> None:
    at = NOW - timedelta(hours=1)
    talk(shop, *asked_for(PENDING), at=at, conversation_id="web-ada-2")
    assert memory(shop, conversation_id="web-ada-2") is None
    assert memory(shop, conversation_id="web-ada-2", now=at + PAUSE + timedelta(hours=1)) is not None
    assert memory(shop, conversation_id="telegram-ada") is not None


@pytest.mark.parametrize("response", ["on_its_way", "on_its_way_calm"])
def test_it_is_told_once_for_each_way_it_stands(shop: Connection, response: str) -> None:
    set_order(shop, PENDING, status="shipped", promised_on=NOW + WEEK)
    talk(shop, *asked_for(PENDING))
    told = ("bot", f"You asked about order {PENDING}.", None, TOLD + response)
    talk(shop, ("customer", "hi", "greet", None), told, at=NOW - timedelta(days=3), conversation_id="between")
    assert memory(shop) is None
    set_order(shop, PENDING, status="delivered", delivered_at=NOW - timedelta(days=1))
    found = memory(shop)
    assert found is not None
    assert found.remembered is Remembered.DELIVERED


def test_nothing_once_the_customer_forbade_it_and_nothing_of_others(shop: Connection) -> None:
    talk(shop, *asked_for(PENDING))
    assert memory(shop, customer_id=BEN) is None
    choose(shop, ADA, PersonalField.LAST_CONVERSATION, False, "chat", NOW)
    assert memory(shop) is None

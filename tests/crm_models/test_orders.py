"""Reading orders: own ones, and nothing of anybody else's."""

from __future__ import annotations

import pytest
from shop_fixture import (
    ADA,
    BEN,
    BENS,
    CLAIMED,
    DELIVERED,
    NOBODY,
    NOW,
    OLD,
    PENDING,
    PROCESSED,
    TOASTER_LINE,
    add_order,
)
from sqlalchemy.engine import Connection, Engine

from crm_models.orders import (
    LineStatus,
    OrderStatus,
    StatusOutcome,
    get_order,
    list_orders,
    normalise_order_id,
    options_text,
    read_status,
)


def test_order_has_what_a_reply_needs(shop: Connection) -> None:
    order = get_order(shop, ADA, PENDING)
    assert order is not None
    assert order.status is OrderStatus.PENDING
    assert [line.product_name for line in order.lines] == ["Solvik rapid-boil kettle", "Kessling Duo toaster"]
    assert order.lines[0].options_text == "red, 1.7 l"
    assert order.lines[1].line_id == TOASTER_LINE
    assert order.lines[1].status is LineStatus.ORDERED
    assert order.total_cents == 4490 + 2 * 3990
    assert order.shipments[0].tracking_id == "T1"
    assert order.payments[0].amount_cents == order.total_cents
    assert order.payment_method is not None
    assert order.payment_method.last_four == "4242"
    assert order.address.city == "Wien"
    assert order.summary(names=1) == "Solvik rapid-boil kettle +1"


@pytest.mark.parametrize("identity", [BEN, NOBODY, CLAIMED])
def test_nobody_else_reads_it(shop: Connection, identity: object) -> None:
    assert get_order(shop, identity, PENDING) is None  # type: ignore[arg-type]


def test_an_unknown_order_and_a_foreign_one_look_the_same(shop: Connection) -> None:
    assert get_order(shop, ADA, BENS) == get_order(shop, ADA, "HV-999999")
    assert read_status(shop, ADA, BENS) == read_status(shop, ADA, "HV-999999")


def test_orders_are_listed_newest_first(shop: Connection) -> None:
    assert [order.order_id for order in list_orders(shop, ADA)] == [PENDING, PROCESSED, DELIVERED, OLD]
    assert [order.order_id for order in list_orders(shop, ADA, limit=1)] == [PENDING]
    delivered = list_orders(shop, ADA, statuses=[OrderStatus.DELIVERED])
    assert [order.order_id for order in delivered] == [DELIVERED, OLD]
    assert list_orders(shop, NOBODY) == list_orders(shop, CLAIMED) == ()


def test_open_orders_can_come_first(shop: Connection) -> None:
    add_order(shop, "HV-100009", "delivered", 0, [("PAN-28", 1, 3000)])
    assert list_orders(shop, ADA)[0].order_id == "HV-100009"
    assert [order.order_id for order in list_orders(shop, ADA, open_first=True)][:2] == [PENDING, PROCESSED]


def test_a_claimed_visitor_reads_the_progress_of_the_claimed_order_only(shop: Connection) -> None:
    result = read_status(shop, CLAIMED, PENDING)
    assert result.outcome is StatusOutcome.FOUND
    assert result.progress is not None
    assert result.progress.shipments[0].carrier == "DHL"
    assert not hasattr(result.progress, "lines")
    for other in (PROCESSED, BENS, "HV-999999"):
        assert read_status(shop, CLAIMED, other).outcome is StatusOutcome.NEEDS_VERIFICATION
    assert read_status(shop, NOBODY, PENDING).outcome is StatusOutcome.NEEDS_VERIFICATION


def test_an_order_is_late_the_day_after_it_was_promised(shop: Connection) -> None:
    order = get_order(shop, ADA, PENDING)
    assert order is not None and order.promised_on is not None
    assert not order.is_late(order.promised_on.replace(hour=23))
    assert order.is_late(NOW.replace(day=order.promised_on.day + 1, hour=0))
    delivered = get_order(shop, ADA, OLD)
    assert delivered is not None and not delivered.is_late(NOW)


def test_both_databases_read_the_same(shop_engine: Engine) -> None:
    with shop_engine.connect() as connection:
        assert len(list_orders(connection, ADA, statuses=list(OrderStatus), open_first=True)) == 4


@pytest.mark.parametrize(
    ("text", "order_id"),
    [
        ("HV-104233", "HV-104233"),
        ("#hv-104233", "HV-104233"),
        ("where is my hv104233?", "HV-104233"),
        ("order HV 104233 please", "HV-104233"),
        ("HV - 104233", "HV-104233"),
        ("it's #W7678072.", "W7678072"),
        ("w7678072", "W7678072"),
        ("order # W7678072", "W7678072"),
        ("my order 104233", None),
        ("I am C-000123", None),
        ("in 2024 I paid EUR 120000", None),
        ("call me on 0301234567", None),
        ("no 104233", None),
        ("", None),
    ],
)
def test_order_numbers_as_people_write_them(text: str, order_id: str | None) -> None:
    assert normalise_order_id(text) == order_id


def test_options_that_are_only_yes_keep_their_name() -> None:
    assert options_text({"colour": "red", "timer": True, "lid": "no"}) == "red, timer: yes, lid: no"

"""The six named customers are what the tour says they are, whatever the seed and the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy.engine import Connection

from crm_models.customers import Profile, find_customer, read_profile
from crm_models.identity import Identity, Trust
from crm_models.order_records import Order, OrderStatus
from crm_models.orders import list_orders
from crm_models.payments import list_payment_methods
from crm_models.refunds import RefundOutcome, refund_status
from crm_models.returns import ReturnOutcome, exchange_options, quote_return

ANNA, BEN, CLARA, DAVID, EVA, FARID = (f"C-00000{number}" for number in range(1, 7))


def verified(customer_id: str) -> Identity:
    return Identity(f"test-{customer_id}", customer_id, Trust.VERIFIED)


def orders_of(shop: Connection, customer_id: str) -> tuple[Order, ...]:
    return list_orders(shop, verified(customer_id), limit=100)


def open_orders(orders: Sequence[Order]) -> list[tuple[str, str]]:
    return [(order.order_id, order.status.value) for order in orders if order.is_open]


def latest_delivered(orders: Sequence[Order]) -> Order:
    return next(order for order in orders if order.status is OrderStatus.DELIVERED)


def returnable(shop: Connection, customer_id: str, now: datetime) -> ReturnOutcome:
    order = latest_delivered(orders_of(shop, customer_id))
    lines = [order.lines[0].line_id]
    return quote_return(shop, verified(customer_id), order.order_id, lines, "no_longer_needed", now).outcome


def profile(shop: Connection, customer_id: str, now: datetime) -> Profile:
    found = read_profile(shop, customer_id, now)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("customer_id", "email", "tier"),
    [
        (ANNA, "anna.berg@example.com", "gold"),
        (BEN, "ben.okafor@example.com", "silver"),
        (CLARA, "clara.rossi@example.com", "basic"),
        (DAVID, "david.klein@example.com", "basic"),
        (EVA, "eva.novak@example.com", "gold"),
        (FARID, "farid.haddad@example.com", "basic"),
    ],
)
def test_who_they_are(shop: Connection, now: datetime, customer_id: str, email: str, tier: str) -> None:
    assert find_customer(shop, email=email) == customer_id
    assert profile(shop, customer_id, now).tier == tier
    assert profile(shop, customer_id, now).points.points >= 0


def test_anna_has_two_open_orders_a_gift_card_and_something_to_return(shop: Connection, now: datetime) -> None:
    orders = orders_of(shop, ANNA)
    assert open_orders(orders) == [("HV-104109", "pending"), ("HV-104108", "shipped")]
    assert len(orders[0].lines) == 2
    assert not orders[1].is_late(now)
    assert any(method.is_gift_card for method in list_payment_methods(shop, ANNA))
    assert returnable(shop, ANNA, now) is ReturnOutcome.ELIGIBLE


def test_ben_has_exactly_one_open_order_and_it_is_pending(shop: Connection) -> None:
    assert open_orders(orders_of(shop, BEN)) == [("HV-104233", "pending")]


def test_clara_waits_for_a_parcel_and_for_her_money(shop: Connection, now: datetime) -> None:
    orders = orders_of(shop, CLARA)
    late = [order.order_id for order in orders if order.is_late(now)]
    assert late == ["HV-104306"]
    assert refund_status(shop, verified(CLARA), "HV-104305", now).outcome is RefundOutcome.OVERDUE
    assert profile(shop, CLARA, now).open_complaints == ()


def test_david_is_too_late_for_a_return_and_has_nothing_open(shop: Connection, now: datetime) -> None:
    assert open_orders(orders_of(shop, DAVID)) == []
    assert returnable(shop, DAVID, now) is ReturnOutcome.TOO_LATE


def test_eva_buys_often_and_can_exchange_her_last_order(shop: Connection, now: datetime) -> None:
    orders = orders_of(shop, EVA)
    assert open_orders(orders) == []
    assert len(orders) >= 15
    last = latest_delivered(orders)
    assert returnable(shop, EVA, now) is ReturnOutcome.ELIGIBLE
    assert exchange_options(shop, verified(EVA), last.lines[0].line_id)


def test_farid_is_new_and_has_no_orders(shop: Connection, now: datetime) -> None:
    assert orders_of(shop, FARID) == ()
    assert (now - profile(shop, FARID, now).customer_since).days < 7

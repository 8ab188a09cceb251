"""Sending back what was delivered, for money or for another option of the same product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.exchanges import (
    ExchangeOption,
    ExchangeOutcome,
    ExchangeResult,
    exchange_delivered_items,
    exchange_delivered_lines,
    exchange_options,
)
from crm_models.identity import Identity
from crm_models.mailbox import queue_mail
from crm_models.order_records import LineStatus, OrderStatus
from crm_models.ownership import hold_order, own_order, owned_status, verified_customer
from crm_models.payments import (
    Refund,
    find_method,
    list_payment_methods,
    net_by_method,
    promise_refund,
    split_refund,
)
from crm_models.return_rules import (
    DELIVERED,
    ReturnWindow,
    WindowOutcome,
    at_fault,
    last_return_day,
    lines_obstacle,
    lines_with_products,
    return_window_ends,
    slug,
    status_obstacle,
    terms_of,
)
from crm_models.shop_policy import ShopPolicy, read_policy
from crm_models.tables import order_lines, orders, returns

__all__ = [
    "ExchangeOption",
    "ExchangeOutcome",
    "ExchangeResult",
    "ReturnOutcome",
    "ReturnResult",
    "ReturnWindow",
    "WindowOutcome",
    "exchange_delivered_items",
    "exchange_delivered_lines",
    "exchange_options",
    "quote_return",
    "return_delivered_items",
    "return_window_ends",
]

_GONE = (LineStatus.RETURN_REQUESTED, LineStatus.RETURNED)


class ReturnOutcome(StrEnum):
    REQUESTED = "requested"
    ELIGIBLE = "eligible"  # from `quote_return`: nothing is written yet
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"
    NOT_DELIVERED = "not_delivered"
    ALREADY_REQUESTED = "already_requested"
    TOO_LATE = "too_late"
    NOT_RETURNABLE = "not_returnable"
    ONLY_SEALED = "only_sealed"
    METHOD_NOT_FOUND = "method_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"  # neither the original one nor a gift card


@dataclass(frozen=True)
class ReturnResult:
    outcome: ReturnOutcome
    refund_cents: int = 0  # what comes back, less the label
    label_cents: int = 0  # what the label costs
    window_ends: date | None = None  # None: no limit, or not known
    refunds: tuple[Refund, ...] = ()  # by payment method; each waits for the parcel
    return_ids: tuple[int, ...] = ()


def quote_return(
    connection: Connection,
    identity: Identity,
    order_id: str,
    line_ids: Collection[int],
    reason: str | None,
    now: datetime,
    sealed_line_ids: Collection[int] = (),
) -> ReturnResult:
    """What `return_delivered_items` would do, to be shown before the customer agrees."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ReturnResult(ReturnOutcome.NEEDS_VERIFICATION)
    order = connection.execute(select(orders).where(own_order(customer_id, order_id))).one_or_none()
    return _quote(connection, customer_id, order, line_ids, reason, sealed_line_ids, now)


def return_delivered_items(
    connection: Connection,
    identity: Identity,
    order_id: str,
    line_ids: Collection[int],
    reason: str | None,
    payment_method_id: str | None,
    now: datetime,
    sealed_line_ids: Collection[int] = (),
) -> ReturnResult:
    """Announce a return: whole lines of one delivered order, all or none.

    `payment_method_id` gets the refund once the parcel is in: a method the order was paid with, or a gift
    card of the customer; None sends it back the way it came. `sealed_line_ids` are the lines that the
    customer says are still sealed. The label is mailed.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ReturnResult(ReturnOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, DELIVERED)
    if order is None:
        obstacle = status_obstacle(owned_status(connection, customer_id, order_id))
        return ReturnResult(ReturnOutcome(obstacle or "not_found"))
    quote = _quote(connection, customer_id, order, line_ids, reason, sealed_line_ids, now)
    if quote.outcome is not ReturnOutcome.ELIGIBLE:
        return quote
    policy = read_policy(connection)
    problem = _method_problem(connection, customer_id, order, payment_method_id, policy)
    if problem is not None:
        return ReturnResult(problem, quote.refund_cents, quote.label_cents, quote.window_ends)
    shares = _shares(connection, customer_id, order, quote.refund_cents, payment_method_id)
    refunds = tuple(promise_refund(connection, order_id, method, cents, now) for method, cents in shares)
    target = payment_method_id or (shares[0][0] if shares else order.payment_method_id)
    return_ids = _write_returns(connection, order_id, line_ids, slug(reason), target, now)
    connection.execute(
        update(orders)
        .where(own_order(customer_id, order_id), orders.c.status.in_(DELIVERED))
        .values(status=OrderStatus.RETURN_REQUESTED.value)
    )
    fields = {"order_id": order_id, "line_ids": sorted(set(line_ids)), "refund_cents": quote.refund_cents}
    queue_mail(connection, customer_id, "return_label", fields, now)
    return ReturnResult(
        ReturnOutcome.REQUESTED, quote.refund_cents, quote.label_cents, quote.window_ends, refunds, return_ids
    )


def _quote(
    connection: Connection,
    customer_id: str,
    order: Row | None,
    line_ids: Collection[int],
    reason: str | None,
    sealed_line_ids: Collection[int],
    now: datetime,
) -> ReturnResult:
    obstacle = status_obstacle(order.status if order is not None else None)
    if order is None or obstacle is not None:
        return ReturnResult(ReturnOutcome(obstacle or "not_found"))
    policy = read_policy(connection)
    terms = terms_of(connection, customer_id, policy)
    ends = last_return_day(connection, order, terms)
    lines = lines_with_products(connection, order.order_id)
    fault = at_fault(policy, reason)
    obstacle = lines_obstacle(lines, line_ids, sealed_line_ids, fault)
    if obstacle is None and ends is not None and now.date() > ends:
        return ReturnResult(ReturnOutcome.TOO_LATE, window_ends=ends)
    if obstacle is not None:
        return ReturnResult(ReturnOutcome(obstacle.value), window_ends=ends)
    label = 0 if fault else terms.return_label_cents or 0
    refund = goods_refund(order, lines, line_ids) + _shipping_refund(order, lines, line_ids, policy)
    return ReturnResult(ReturnOutcome.ELIGIBLE, max(refund - label, 0), label, ends)


def goods_refund(order: Row, lines: Sequence[Row], line_ids: Collection[int]) -> int:
    """Cents for these lines, less their share of the order's discount.

    Shares are taken from the running total of everything that went back, so that returning line by line
    gives to the cent what returning everything at once does.
    """
    total = sum(line.quantity * line.price_cents for line in lines)
    before = sum(line.quantity * line.price_cents for line in lines if line.status in _GONE)
    chosen = sum(line.quantity * line.price_cents for line in lines if line.line_id in line_ids)
    discount = min(order.discount_cents, total)

    def paid(value: int) -> int:
        return value - discount * value // total if total else 0

    return paid(before + chosen) - paid(before)


def _shipping_refund(order: Row, lines: Sequence[Row], line_ids: Collection[int], policy: ShopPolicy) -> int:
    """Standard shipping comes back with the last item of an order; the extra for express does not."""
    if any(line.line_id not in line_ids and line.status not in _GONE for line in lines):
        return 0
    fees = [
        fee
        for terms in policy.tiers.values()
        for fee in (terms.standard_shipping_cents, terms.large_item_shipping_cents)
    ]
    known = [fee for fee in fees if fee is not None and fee <= order.shipping_cents]
    return int(order.shipping_cents) if None in fees else max(known, default=0)


def _method_problem(
    connection: Connection, customer_id: str, order: Row, payment_method_id: str | None, policy: ShopPolicy
) -> ReturnOutcome | None:
    if payment_method_id is None:
        return None if "original" in policy.refund_targets else ReturnOutcome.METHOD_NOT_ALLOWED
    method = find_method(connection, customer_id, payment_method_id)
    if method is None:
        return ReturnOutcome.METHOD_NOT_FOUND
    carried = net_by_method(connection, order.order_id).get(payment_method_id, 0)
    original = payment_method_id == order.payment_method_id or carried > 0
    if original and "original" in policy.refund_targets:
        return None
    if method.is_gift_card and "gift_card" in policy.refund_targets:
        return None
    return ReturnOutcome.METHOD_NOT_ALLOWED


def _shares(
    connection: Connection, customer_id: str, order: Row, cents: int, payment_method_id: str | None
) -> list[tuple[str | None, int]]:
    if payment_method_id is not None:
        return [(payment_method_id, cents)]
    cards = [m.payment_method_id for m in list_payment_methods(connection, customer_id) if m.is_gift_card]
    return split_refund(connection, order.order_id, cents, cards, order.payment_method_id)


def _write_returns(
    connection: Connection,
    order_id: str,
    line_ids: Collection[int],
    reason: str | None,
    payment_method_id: str | None,
    now: datetime,
) -> tuple[int, ...]:
    written = []
    for line_id in sorted(set(line_ids)):
        connection.execute(
            update(order_lines)
            .where(order_lines.c.line_id == line_id, order_lines.c.status == LineStatus.ORDERED.value)
            .values(status=LineStatus.RETURN_REQUESTED.value)
        )
        row = insert(returns).values(
            order_id=order_id,
            line_id=line_id,
            kind="return",
            reason=reason,
            payment_method_id=payment_method_id,
            status="requested",
            created_at=now,
        )
        written.append(int(connection.execute(row).inserted_primary_key[0]))
    return tuple(written)

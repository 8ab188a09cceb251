"""Another option of the same product for something that was delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.identity import Identity
from crm_models.item_changes import Swap, SwapProblem, plan_swaps
from crm_models.mailbox import queue_mail
from crm_models.order_records import LineStatus, OrderStatus, options_text
from crm_models.ownership import hold_order, own_order, owned_status, verified_customer
from crm_models.payments import Refund, charge, find_method, promise_refund
from crm_models.return_rules import (
    DELIVERED,
    at_fault,
    last_return_day,
    lines_obstacle,
    lines_with_products,
    slug,
    status_obstacle,
    terms_of,
)
from crm_models.shop_policy import read_policy
from crm_models.stock import move_stock
from crm_models.tables import items, order_lines, orders, returns


class ExchangeOutcome(StrEnum):
    REQUESTED = "requested"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"
    NOT_OFFERED = "not_offered"  # this shop exchanges nothing
    NOT_DELIVERED = "not_delivered"
    ALREADY_REQUESTED = "already_requested"
    TOO_LATE = "too_late"
    NOT_RETURNABLE = "not_returnable"
    ONLY_SEALED = "only_sealed"
    SAME_OPTION = "same_option"
    OTHER_PRODUCT = "other_product"  # or no product at all
    OUT_OF_STOCK = "out_of_stock"
    METHOD_NOT_FOUND = "method_not_found"
    BALANCE_TOO_LOW = "balance_too_low"


@dataclass(frozen=True)
class ExchangeOption:
    """An item that could take the place of a line."""

    item_id: str
    options: Mapping[str, Any]
    price_cents: int
    difference_cents: int  # for all pieces of the line; negative when it is cheaper
    stock: int

    @property
    def options_text(self) -> str:
        return options_text(self.options)


@dataclass(frozen=True)
class ExchangeResult:
    outcome: ExchangeOutcome
    difference_cents: int = 0  # of the prices, without the label
    label_cents: int = 0
    window_ends: date | None = None
    refund: Refund | None = None  # waits for the parcel

    @property
    def to_pay_cents(self) -> int:
        """What the customer pays; negative when money comes back."""
        return self.difference_cents + self.label_cents


class _Refused(Exception):
    """Leaves the savepoint, so that what was written in it is undone."""

    def __init__(self, outcome: ExchangeOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def exchange_options(connection: Connection, identity: Identity, line_id: int) -> tuple[ExchangeOption, ...]:
    """Other items of the line's product with enough stock, cheapest first; none for a line of somebody else.

    Serves a pending order's swap as well.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ()
    bought = items.alias("bought")
    query = (
        select(items, order_lines.c.quantity, order_lines.c.price_cents.label("paid_cents"))
        .select_from(order_lines)
        .join(orders, orders.c.order_id == order_lines.c.order_id)
        .join(bought, bought.c.item_id == order_lines.c.item_id)
        .join(items, items.c.product_id == bought.c.product_id)
        .where(
            orders.c.customer_id == customer_id,
            order_lines.c.line_id == line_id,
            items.c.item_id != order_lines.c.item_id,
            items.c.stock >= order_lines.c.quantity,
        )
        .order_by(items.c.price_cents, items.c.item_id)
    )
    return tuple(
        ExchangeOption(
            item_id=row.item_id,
            options=row.options,
            price_cents=row.price_cents,
            difference_cents=row.quantity * (row.price_cents - row.paid_cents),
            stock=row.stock,
        )
        for row in connection.execute(query)
    )


def exchange_delivered_items(
    connection: Connection,
    identity: Identity,
    order_id: str,
    line_id: int,
    new_item_id: str,
    payment_method_id: str | None,
    now: datetime,
    reason: str | None = None,
    sealed_line_ids: Collection[int] = (),
) -> ExchangeResult:
    """Exchange one line; see `exchange_delivered_lines`."""
    new_items = {line_id: new_item_id}
    return exchange_delivered_lines(
        connection, identity, order_id, new_items, payment_method_id, now, reason, sealed_line_ids
    )


def exchange_delivered_lines(
    connection: Connection,
    identity: Identity,
    order_id: str,
    new_items: Mapping[int, str],
    payment_method_id: str | None,
    now: datetime,
    reason: str | None = None,
    sealed_line_ids: Collection[int] = (),
) -> ExchangeResult:
    """Announce an exchange of whole lines of one delivered order, all or none.

    `new_items` maps line ids to item ids of the same products; the new pieces are reserved. A higher price
    and the label are charged to `payment_method_id`, or the order's own method when that is None; a lower
    price comes back once the parcel is in. The label is mailed.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ExchangeResult(ExchangeOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, DELIVERED)
    if order is None:
        obstacle = status_obstacle(owned_status(connection, customer_id, order_id))
        return ExchangeResult(ExchangeOutcome(obstacle or "not_found"))
    quote = _quote(connection, customer_id, order, new_items, reason, sealed_line_ids, now)
    if quote.outcome is not ExchangeOutcome.REQUESTED:
        return quote
    swaps = plan_swaps(connection, order_id, new_items)
    if isinstance(swaps, SwapProblem):
        return ExchangeResult(_PROBLEMS[swaps], window_ends=quote.window_ends)
    difference = sum(swap.difference_cents for swap in swaps)
    result = ExchangeResult(quote.outcome, difference, quote.label_cents, quote.window_ends)
    try:
        with connection.begin_nested():
            refund = _exchange(connection, customer_id, order, swaps, result, payment_method_id, slug(reason), now)
    except _Refused as refusal:
        return ExchangeResult(refusal.outcome, difference, quote.label_cents, quote.window_ends)
    return ExchangeResult(quote.outcome, difference, quote.label_cents, quote.window_ends, refund)


def _quote(
    connection: Connection,
    customer_id: str,
    order: Row,
    new_items: Mapping[int, str],
    reason: str | None,
    sealed_line_ids: Collection[int],
    now: datetime,
) -> ExchangeResult:
    """Whether the old items may go back, until when, and what the label costs."""
    policy = read_policy(connection)
    if not policy.exchanges_allowed:
        return ExchangeResult(ExchangeOutcome.NOT_OFFERED)
    terms = terms_of(connection, customer_id, policy)
    ends = last_return_day(connection, order, terms)
    fault = at_fault(policy, reason)
    lines = lines_with_products(connection, order.order_id)
    obstacle = lines_obstacle(lines, new_items.keys(), sealed_line_ids, fault)
    if obstacle is not None:
        return ExchangeResult(ExchangeOutcome(obstacle.value), window_ends=ends)
    if ends is not None and now.date() > ends:
        return ExchangeResult(ExchangeOutcome.TOO_LATE, window_ends=ends)
    label = 0 if fault else terms.return_label_cents or 0
    return ExchangeResult(ExchangeOutcome.REQUESTED, label_cents=label, window_ends=ends)


_PROBLEMS = {
    SwapProblem.LINE_NOT_FOUND: ExchangeOutcome.NOT_FOUND,
    SwapProblem.SAME_OPTION: ExchangeOutcome.SAME_OPTION,
    SwapProblem.OTHER_PRODUCT: ExchangeOutcome.OTHER_PRODUCT,
}


def _exchange(
    connection: Connection,
    customer_id: str,
    order: Row,
    swaps: tuple[Swap, ...],
    result: ExchangeResult,
    payment_method_id: str | None,
    reason: str | None,
    now: datetime,
) -> Refund | None:
    to_pay = result.to_pay_cents
    method = find_method(connection, customer_id, payment_method_id or order.payment_method_id)
    if method is None and (to_pay != 0 or payment_method_id is not None):
        raise _Refused(ExchangeOutcome.METHOD_NOT_FOUND)
    taken: Counter[str] = Counter()
    for swap in swaps:
        taken[swap.new_item_id] -= swap.quantity
    if not move_stock(connection, taken):
        raise _Refused(ExchangeOutcome.OUT_OF_STOCK)
    if method is not None and not charge(connection, order.order_id, method, to_pay, now):
        raise _Refused(ExchangeOutcome.BALANCE_TOO_LOW)
    refund = None
    if method is not None and to_pay < 0:
        refund = promise_refund(connection, order.order_id, method.payment_method_id, -to_pay, now)
    for swap in swaps:
        _write_exchange(connection, order.order_id, swap, method.payment_method_id if method else None, reason, now)
    connection.execute(
        update(orders)
        .where(own_order(customer_id, order.order_id), orders.c.status.in_(DELIVERED))
        .values(status=OrderStatus.EXCHANGE_REQUESTED.value)
    )
    fields = {
        "order_id": order.order_id,
        "line_ids": [swap.line_id for swap in swaps],
        "to_pay_cents": to_pay,
    }
    queue_mail(connection, customer_id, "exchange_label", fields, now)
    return refund


def _write_exchange(
    connection: Connection,
    order_id: str,
    swap: Swap,
    payment_method_id: str | None,
    reason: str | None,
    now: datetime,
) -> None:
    connection.execute(
        update(order_lines)
        .where(order_lines.c.line_id == swap.line_id, order_lines.c.status == LineStatus.ORDERED.value)
        .values(status=LineStatus.EXCHANGE_REQUESTED.value)
    )
    connection.execute(
        insert(returns).values(
            order_id=order_id,
            line_id=swap.line_id,
            kind="exchange",
            new_item_id=swap.new_item_id,
            reason=reason,
            payment_method_id=payment_method_id,
            status="requested",
            created_at=now,
        )
    )

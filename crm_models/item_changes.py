"""Another option of the same product, in an order that is not packed yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Row

from crm_models.identity import Identity
from crm_models.order_records import LineStatus, OrderStatus
from crm_models.ownership import hold_order, own_order, owned_status, verified_customer
from crm_models.payments import Refund, charge, find_method, pay_back
from crm_models.shop_policy import read_policy
from crm_models.stock import move_stock
from crm_models.tables import items, order_lines, orders

_PENDING = (OrderStatus.PENDING.value,)


class ItemsOutcome(StrEnum):
    CHANGED = "changed"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"  # order or line
    NOT_PENDING = "not_pending"
    NOT_OFFERED = "not_offered"  # this shop changes no items
    ALREADY_CHANGED = "already_changed"  # once per order
    SAME_OPTION = "same_option"
    OTHER_PRODUCT = "other_product"  # or no product at all
    OUT_OF_STOCK = "out_of_stock"
    METHOD_NOT_FOUND = "method_not_found"
    BALANCE_TOO_LOW = "balance_too_low"


@dataclass(frozen=True)
class ItemsResult:
    outcome: ItemsOutcome
    difference_cents: int = 0  # what the customer pays more; negative when it is cheaper
    refund: Refund | None = None


@dataclass(frozen=True)
class Swap:
    """A line and the item that takes its place. `price_cents` are of one piece."""

    line_id: int
    old_item_id: str
    new_item_id: str
    quantity: int
    old_price_cents: int
    new_price_cents: int

    @property
    def difference_cents(self) -> int:
        return self.quantity * (self.new_price_cents - self.old_price_cents)


class SwapProblem(StrEnum):
    LINE_NOT_FOUND = "line_not_found"
    SAME_OPTION = "same_option"
    OTHER_PRODUCT = "other_product"


class _Refused(Exception):
    """Leaves the savepoint, so that what was written in it is undone."""

    def __init__(self, outcome: ItemsOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def modify_pending_order_items(
    connection: Connection,
    identity: Identity,
    order_id: str,
    line_id: int,
    new_item_id: str,
    payment_method_id: str | None,
    now: datetime,
) -> ItemsResult:
    """Swap one line; see `swap_pending_order_items`."""
    return swap_pending_order_items(connection, identity, order_id, {line_id: new_item_id}, payment_method_id, now)


def swap_pending_order_items(
    connection: Connection,
    identity: Identity,
    order_id: str,
    new_items: Mapping[int, str],
    payment_method_id: str | None,
    now: datetime,
) -> ItemsResult:
    """Swap lines for other options of the same products, all or none, once per order.

    `new_items` maps line ids to item ids; every piece of a line is swapped, at today's price. The
    difference goes through `payment_method_id`, or the order's own method when that is None.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ItemsResult(ItemsOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, _PENDING)
    if order is None:
        known = owned_status(connection, customer_id, order_id) is not None
        return ItemsResult(ItemsOutcome.NOT_PENDING if known else ItemsOutcome.NOT_FOUND)
    policy = read_policy(connection)
    if "items" not in policy.changes_allowed or policy.item_changes_per_order == 0:
        return ItemsResult(ItemsOutcome.NOT_OFFERED)
    if order.items_modified:
        return ItemsResult(ItemsOutcome.ALREADY_CHANGED)
    swaps = plan_swaps(connection, order_id, new_items)
    if isinstance(swaps, SwapProblem):
        return ItemsResult(_PROBLEMS[swaps])
    try:
        with connection.begin_nested():
            return _swap(connection, customer_id, order, swaps, payment_method_id, now)
    except _Refused as refusal:
        return ItemsResult(refusal.outcome, sum(swap.difference_cents for swap in swaps))


def plan_swaps(connection: Connection, order_id: str, new_items: Mapping[int, str]) -> tuple[Swap, ...] | SwapProblem:
    """What takes the place of what; the first reason why it cannot, otherwise. Stock is not looked at.

    Only lines of this order count, so whoever owns the order owns the lines.
    """
    old = items.alias("old")
    new = items.alias("new")
    swaps: list[Swap] = []
    for line_id, new_item_id in sorted(new_items.items()):
        row = connection.execute(
            select(
                order_lines,
                old.c.product_id.label("old_product_id"),
                new.c.item_id.label("new_item_id"),
                new.c.product_id.label("new_product_id"),
                new.c.price_cents.label("new_price_cents"),
            )
            .join(old, old.c.item_id == order_lines.c.item_id)
            .outerjoin(new, new.c.item_id == new_item_id)
            .where(order_lines.c.order_id == order_id, order_lines.c.line_id == line_id)
        ).one_or_none()
        if row is None:
            return SwapProblem.LINE_NOT_FOUND
        if row.new_product_id != row.old_product_id:
            return SwapProblem.OTHER_PRODUCT
        if row.new_item_id == row.item_id:
            return SwapProblem.SAME_OPTION
        swaps.append(Swap(line_id, row.item_id, row.new_item_id, row.quantity, row.price_cents, row.new_price_cents))
    return tuple(swaps) or SwapProblem.LINE_NOT_FOUND


_PROBLEMS = {
    SwapProblem.LINE_NOT_FOUND: ItemsOutcome.NOT_FOUND,
    SwapProblem.SAME_OPTION: ItemsOutcome.SAME_OPTION,
    SwapProblem.OTHER_PRODUCT: ItemsOutcome.OTHER_PRODUCT,
}


def _swap(
    connection: Connection,
    customer_id: str,
    order: Row,
    swaps: tuple[Swap, ...],
    payment_method_id: str | None,
    now: datetime,
) -> ItemsResult:
    difference = sum(swap.difference_cents for swap in swaps)
    method = find_method(connection, customer_id, payment_method_id or order.payment_method_id)
    if method is None and (difference != 0 or payment_method_id is not None):
        raise _Refused(ItemsOutcome.METHOD_NOT_FOUND)
    moves: Counter[str] = Counter()
    for swap in swaps:
        moves[swap.old_item_id] += swap.quantity
        moves[swap.new_item_id] -= swap.quantity
    if not move_stock(connection, moves):
        raise _Refused(ItemsOutcome.OUT_OF_STOCK)
    refund = None
    if method is not None and difference > 0 and not charge(connection, order.order_id, method, difference, now):
        raise _Refused(ItemsOutcome.BALANCE_TOO_LOW)
    if method is not None and difference < 0:
        policy = read_policy(connection)
        refund = pay_back(connection, order.order_id, method.payment_method_id, -difference, policy, now)
    for swap in swaps:
        connection.execute(
            update(order_lines)
            .where(order_lines.c.line_id == swap.line_id, order_lines.c.status == LineStatus.ORDERED.value)
            .values(item_id=swap.new_item_id, price_cents=swap.new_price_cents)
        )
    connection.execute(update(orders).where(own_order(customer_id, order.order_id)).values(items_modified=True))
    return ItemsResult(ItemsOutcome.CHANGED, difference, refund)

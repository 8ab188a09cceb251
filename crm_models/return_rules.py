"""Whether something may go back: the same terms for a return and an exchange."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row

from crm_models.identity import Identity
from crm_models.order_records import LineStatus, OrderStatus
from crm_models.ownership import own_order, verified_customer
from crm_models.shop_policy import ShopPolicy, TierTerms, read_policy
from crm_models.tables import customers, items, order_lines, orders, products, shipments

DELIVERED = (OrderStatus.DELIVERED.value,)
_REQUESTED = (OrderStatus.RETURN_REQUESTED, OrderStatus.EXCHANGE_REQUESTED)
_ARRIVED = (OrderStatus.DELIVERED, *_REQUESTED)


class Obstacle(StrEnum):
    """Why a line cannot go back. The outcomes of returns and exchanges use the same words."""

    NOT_FOUND = "not_found"  # order or line: unknown and somebody else's are the same
    NOT_DELIVERED = "not_delivered"
    ALREADY_REQUESTED = "already_requested"  # an order has one open request at a time
    TOO_LATE = "too_late"
    NOT_RETURNABLE = "not_returnable"
    ONLY_SEALED = "only_sealed"  # may go back if the customer says that it is still sealed


class WindowOutcome(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    NO_LIMIT = "no_limit"
    NOT_DELIVERED = "not_delivered"
    NOT_FOUND = "not_found"
    NEEDS_VERIFICATION = "needs_verification"


@dataclass(frozen=True)
class ReturnWindow:
    outcome: WindowOutcome
    ends: date | None = None  # the last day, with OPEN and CLOSED


def return_window_ends(connection: Connection, identity: Identity, order_id: str, now: datetime) -> ReturnWindow:
    """Until when the order's items may be returned or exchanged, by the customer's tier of today."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ReturnWindow(WindowOutcome.NEEDS_VERIFICATION)
    order = connection.execute(select(orders).where(own_order(customer_id, order_id))).one_or_none()
    if order is None:
        return ReturnWindow(WindowOutcome.NOT_FOUND)
    if order.status not in _ARRIVED:
        return ReturnWindow(WindowOutcome.NOT_DELIVERED)
    ends = last_return_day(connection, order, terms_of(connection, customer_id, read_policy(connection)))
    if ends is None:
        return ReturnWindow(WindowOutcome.NO_LIMIT)
    return ReturnWindow(WindowOutcome.OPEN if now.date() <= ends else WindowOutcome.CLOSED, ends)


def terms_of(connection: Connection, customer_id: str, policy: ShopPolicy) -> TierTerms:
    query = select(customers.c.tier).where(customers.c.customer_id == customer_id)
    return policy.terms(connection.execute(query).scalar_one())


def last_return_day(connection: Connection, order: Row, terms: TierTerms) -> date | None:
    """The last day of the window; None when the shop sets no limit.

    The days count from the delivery of the last parcel; for an order without any date of delivery, from
    the day that was promised or the day of the purchase.
    """
    if terms.return_days is None:
        return None
    last_parcel = connection.execute(
        select(func.max(shipments.c.delivered_at)).where(shipments.c.order_id == order.order_id)
    ).scalar_one()
    arrivals = [when for when in (order.delivered_at, last_parcel) if when is not None]
    arrived: datetime = max(arrivals) if arrivals else order.promised_on or order.placed_at
    return arrived.date() + timedelta(days=terms.return_days)


def lines_with_products(connection: Connection, order_id: str) -> Sequence[Row]:
    """The order's lines, each with the product's `product_id`, `name` and `attributes`."""
    query = (
        select(
            order_lines,
            products.c.product_id,
            products.c.name,
            products.c.attributes,
        )
        .join(items, items.c.item_id == order_lines.c.item_id)
        .join(products, products.c.product_id == items.c.product_id)
        .where(order_lines.c.order_id == order_id)
        .order_by(order_lines.c.line_id)
    )
    rows: Sequence[Row] = connection.execute(query).all()
    return rows


def status_obstacle(status: str | None) -> Obstacle | None:
    """Why an order of this status lets nothing go back; None when it does."""
    if status is None:
        return Obstacle.NOT_FOUND
    if status in _REQUESTED:
        return Obstacle.ALREADY_REQUESTED
    return None if status == OrderStatus.DELIVERED else Obstacle.NOT_DELIVERED


def lines_obstacle(
    lines: Sequence[Row],
    line_ids: Collection[int],
    sealed_line_ids: Collection[int],
    at_fault: bool,
) -> Obstacle | None:
    """The first reason why these lines cannot go back. What the shop got wrong always can."""
    chosen = [line for line in lines if line.line_id in line_ids]
    if not chosen or len(chosen) != len(set(line_ids)):
        return Obstacle.NOT_FOUND
    if any(line.status != LineStatus.ORDERED for line in chosen):
        return Obstacle.ALREADY_REQUESTED
    if at_fault:
        return None
    problems = [_goods_obstacle(line, line.line_id in sealed_line_ids) for line in chosen]
    if Obstacle.NOT_RETURNABLE in problems:
        return Obstacle.NOT_RETURNABLE
    return Obstacle.ONLY_SEALED if Obstacle.ONLY_SEALED in problems else None


def at_fault(policy: ShopPolicy, reason: str | None) -> bool:
    """Whether the reason is the shop's fault: then the label is free, and everything may go back."""
    return slug(reason) in policy.fault_reasons


def slug(reason: str | None) -> str | None:
    """As the policy writes it: "Wrong item" is wrong_item."""
    return "_".join(reason.lower().split()) or None if reason else None


def _goods_obstacle(line: Any, sealed: bool) -> Obstacle | None:
    attributes = line.attributes or {}
    if attributes.get("returnable", True):
        return None
    if not attributes.get("returnable_if_sealed", False):
        return Obstacle.NOT_RETURNABLE
    return None if sealed else Obstacle.ONLY_SEALED

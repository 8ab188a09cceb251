"""Cancelling and changing an order before packing starts.

Every change holds the order (`hold_order`) before it looks at anything, so of two changes that arrive
together the second sees the order as the first left it. A change that is refused has written nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.addresses import Address, country_code
from crm_models.identity import Identity
from crm_models.item_changes import (
    ItemsOutcome,
    ItemsResult,
    modify_pending_order_items,
    swap_pending_order_items,
)
from crm_models.loyalty import add_points
from crm_models.mailbox import queue_mail
from crm_models.order_records import OrderStatus
from crm_models.ownership import hold_order, own_order, owned_status, verified_customer
from crm_models.payments import INVOICE, Refund, charge, find_method, net_by_method, pay_back
from crm_models.shop_policy import ShopPolicy, read_policy
from crm_models.stock import move_stock
from crm_models.tables import customers, loyalty_entries, order_lines, orders

__all__ = [
    "AddressOutcome",
    "AddressResult",
    "CancelOutcome",
    "CancelResult",
    "ItemsOutcome",
    "ItemsResult",
    "PaymentOutcome",
    "PaymentResult",
    "cancel_pending_order",
    "modify_pending_order_address",
    "modify_pending_order_items",
    "modify_pending_order_payment",
    "swap_pending_order_items",
]

_PENDING = (OrderStatus.PENDING.value,)


class CancelOutcome(StrEnum):
    CANCELLED = "cancelled"  # money comes back in some working days
    CANCELLED_REFUNDED = "cancelled_refunded"  # all of it is already back on a gift card
    CANCELLED_UNPAID = "cancelled_unpaid"  # nothing had been collected yet
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"
    NEEDS_REASON = "needs_reason"  # none of the shop's reasons
    NOT_PENDING = "not_pending"
    ALREADY_CANCELLED = "already_cancelled"
    ITEMS_WERE_CHANGED = "items_were_changed"  # this shop allows no cancelling after that


@dataclass(frozen=True)
class CancelResult:
    outcome: CancelOutcome
    refunds: tuple[Refund, ...] = ()

    @property
    def refund_cents(self) -> int:
        return sum(refund.amount_cents for refund in self.refunds)


class AddressOutcome(StrEnum):
    CHANGED = "changed"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"
    NOT_PENDING = "not_pending"
    NOT_OFFERED = "not_offered"  # this shop changes no addresses
    INCOMPLETE = "incomplete"
    NOT_SHIPPED_TO = "not_shipped_to"


@dataclass(frozen=True)
class AddressResult:
    outcome: AddressOutcome
    missing: tuple[str, ...] = ()  # fields of Address, with INCOMPLETE


class PaymentOutcome(StrEnum):
    CHANGED = "changed"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"
    NOT_PENDING = "not_pending"
    NOT_OFFERED = "not_offered"  # this shop changes no payments
    METHOD_NOT_FOUND = "method_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"  # invoice, for a tier that may not
    SAME_METHOD = "same_method"
    BALANCE_TOO_LOW = "balance_too_low"


@dataclass(frozen=True)
class PaymentResult:
    outcome: PaymentOutcome
    charged_cents: int = 0
    refunds: tuple[Refund, ...] = ()


def cancel_pending_order(
    connection: Connection, identity: Identity, order_id: str, reason: str, now: datetime
) -> CancelResult:
    """Stop the order: money goes back where it came from, pieces to stock, points to the account.

    `reason` is one of the policy's `cancel_reasons`; blanks and capitals do not matter.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return CancelResult(CancelOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, _PENDING)
    if order is None:
        return CancelResult(_why_not_cancelled(connection, customer_id, order_id))
    policy = read_policy(connection)
    if order.items_modified and not policy.cancel_after_item_change:
        return CancelResult(CancelOutcome.ITEMS_WERE_CHANGED)
    word = "_".join(reason.lower().split())
    if word not in policy.cancel_reasons:
        return CancelResult(CancelOutcome.NEEDS_REASON)
    connection.execute(
        update(orders)
        .where(own_order(customer_id, order_id), orders.c.status.in_(_PENDING))
        .values(status=OrderStatus.CANCELLED.value, cancelled_at=now, cancel_reason=word)
    )
    _restock(connection, order_id)
    _return_points(connection, customer_id, order_id, now)
    refunds = _pay_back_all(connection, order_id, policy, now, keep=None)
    result = CancelResult(_cancelled(refunds), refunds)
    queue_mail(
        connection,
        customer_id,
        "order_cancelled",
        {"order_id": order_id, "refund_cents": result.refund_cents},
        now,
    )
    return result


def modify_pending_order_address(
    connection: Connection, identity: Identity, order_id: str, address: Address, now: datetime
) -> AddressResult:
    """Send the order elsewhere. The customer's own address stays as it is."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return AddressResult(AddressOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, _PENDING)
    if order is None:
        known = owned_status(connection, customer_id, order_id) is not None
        return AddressResult(AddressOutcome.NOT_PENDING if known else AddressOutcome.NOT_FOUND)
    policy = read_policy(connection)
    if "address" not in policy.changes_allowed:
        return AddressResult(AddressOutcome.NOT_OFFERED)
    if missing := address.missing():
        return AddressResult(AddressOutcome.INCOMPLETE, missing)
    columns = address.columns()
    if policy.ships_to:
        columns["country"] = country_code(address.country)
        if columns["country"] not in policy.ships_to:
            return AddressResult(AddressOutcome.NOT_SHIPPED_TO)
    connection.execute(
        update(orders).where(own_order(customer_id, order_id), orders.c.status.in_(_PENDING)).values(**columns)
    )
    queue_mail(connection, customer_id, "order_address_changed", {"order_id": order_id, **columns}, now)
    return AddressResult(AddressOutcome.CHANGED)


def modify_pending_order_payment(
    connection: Connection, identity: Identity, order_id: str, payment_method_id: str, now: datetime
) -> PaymentResult:
    """Have the whole order paid with another method of the customer; the others get their money back."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return PaymentResult(PaymentOutcome.NEEDS_VERIFICATION)
    order = hold_order(connection, customer_id, order_id, _PENDING)
    if order is None:
        known = owned_status(connection, customer_id, order_id) is not None
        return PaymentResult(PaymentOutcome.NOT_PENDING if known else PaymentOutcome.NOT_FOUND)
    policy = read_policy(connection)
    if "payment" not in policy.changes_allowed:
        return PaymentResult(PaymentOutcome.NOT_OFFERED)
    method = find_method(connection, customer_id, payment_method_id)
    if method is None:
        return PaymentResult(PaymentOutcome.METHOD_NOT_FOUND)
    if method.kind == INVOICE and _tier(connection, customer_id) not in policy.invoice_tiers:
        return PaymentResult(PaymentOutcome.METHOD_NOT_ALLOWED)
    if method.payment_method_id == order.payment_method_id:
        return PaymentResult(PaymentOutcome.SAME_METHOD)
    due = _total(connection, order) - net_by_method(connection, order_id).get(payment_method_id, 0)
    if not charge(connection, order_id, method, due, now):
        return PaymentResult(PaymentOutcome.BALANCE_TOO_LOW)
    refunds = _pay_back_all(connection, order_id, policy, now, keep=payment_method_id)
    connection.execute(
        update(orders)
        .where(own_order(customer_id, order_id), orders.c.status.in_(_PENDING))
        .values(payment_method_id=payment_method_id)
    )
    return PaymentResult(PaymentOutcome.CHANGED, max(due, 0), refunds)


def _why_not_cancelled(connection: Connection, customer_id: str, order_id: str) -> CancelOutcome:
    status = owned_status(connection, customer_id, order_id)
    if status is None:
        return CancelOutcome.NOT_FOUND
    cancelled = status == OrderStatus.CANCELLED
    return CancelOutcome.ALREADY_CANCELLED if cancelled else CancelOutcome.NOT_PENDING


def _cancelled(refunds: tuple[Refund, ...]) -> CancelOutcome:
    if not refunds:
        return CancelOutcome.CANCELLED_UNPAID
    at_once = all(refund.done for refund in refunds)
    return CancelOutcome.CANCELLED_REFUNDED if at_once else CancelOutcome.CANCELLED


def _pay_back_all(
    connection: Connection, order_id: str, policy: ShopPolicy, now: datetime, keep: str | None
) -> tuple[Refund, ...]:
    """Give every method but `keep` back what it carries of the order; without what was never collected."""
    refunds = [
        pay_back(connection, order_id, method, cents, policy, now)
        for method, cents in net_by_method(connection, order_id).items()
        if cents > 0 and (keep is None or method != keep)
    ]
    return tuple(refund for refund in refunds if refund.amount_cents > 0)


def _restock(connection: Connection, order_id: str) -> None:
    lines = select(order_lines.c.item_id, func.sum(order_lines.c.quantity)).where(order_lines.c.order_id == order_id)
    rows = connection.execute(lines.group_by(order_lines.c.item_id)).all()
    move_stock(connection, {item_id: int(pieces) for item_id, pieces in rows})


def _return_points(connection: Connection, customer_id: str, order_id: str, now: datetime) -> None:
    """Points spent on the order come back; points earned with it go."""
    booked = connection.execute(
        select(func.coalesce(func.sum(loyalty_entries.c.points), 0)).where(
            loyalty_entries.c.order_id == order_id, loyalty_entries.c.customer_id == customer_id
        )
    ).scalar_one()
    if booked:
        add_points(connection, customer_id, -int(booked), "order cancelled", now, order_id)


def _total(connection: Connection, order: Row) -> int:
    bought = connection.execute(
        select(func.sum(order_lines.c.quantity * order_lines.c.price_cents)).where(
            order_lines.c.order_id == order.order_id
        )
    ).scalar_one()
    return int(bought or 0) + int(order.shipping_cents) - int(order.discount_cents)


def _tier(connection: Connection, customer_id: str) -> str:
    return str(connection.execute(select(customers.c.tier).where(customers.c.customer_id == customer_id)).scalar_one())

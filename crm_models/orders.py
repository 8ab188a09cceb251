"""Reading orders.

Reading an order needs a verified customer and their ownership. A visitor who only named two matching facts
may read the progress of that one order, through `read_status`, and nothing else of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.engine import Connection, Row

from crm_models.addresses import address_of
from crm_models.identity import Identity, Trust
from crm_models.order_numbers import normalise_order_id
from crm_models.order_records import (
    OPEN,
    LineStatus,
    Order,
    OrderLine,
    OrderProgress,
    OrderStatus,
    Payment,
    Shipment,
    StatusOutcome,
    StatusResult,
    options_text,
)
from crm_models.ownership import own_order, verified_customer
from crm_models.payments import PaymentMethod, method_of
from crm_models.tables import items, order_lines, orders, payment_methods, payments, products, shipments

__all__ = [
    "OPEN",
    "LineStatus",
    "Order",
    "OrderLine",
    "OrderProgress",
    "OrderStatus",
    "Payment",
    "Shipment",
    "StatusOutcome",
    "StatusResult",
    "get_order",
    "list_orders",
    "normalise_order_id",
    "options_text",
    "read_status",
]


def get_order(connection: Connection, identity: Identity, order_id: str) -> Order | None:
    """The verified customer's own order; None when it is not theirs or nobody is verified."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return None
    found = _load(connection, select(orders).where(own_order(customer_id, order_id)))
    return found[0] if found else None


def list_orders(
    connection: Connection,
    identity: Identity,
    statuses: Collection[OrderStatus] | None = None,
    limit: int = 10,
    open_first: bool = False,
) -> tuple[Order, ...]:
    """The verified customer's orders, newest first; nobody's when nobody is verified.

    `statuses` keeps only those; `open_first` puts what is still under way before everything else.
    """
    customer_id = verified_customer(identity)
    if customer_id is None:
        return ()
    query = select(orders).where(orders.c.customer_id == customer_id)
    if statuses is not None:
        query = query.where(orders.c.status.in_([status.value for status in statuses]))
    if open_first:
        query = query.order_by(case((orders.c.status.in_([status.value for status in OPEN]), 0), else_=1))
    return _load(connection, query.order_by(orders.c.placed_at.desc(), orders.c.order_id.desc()).limit(limit))


def read_status(connection: Connection, identity: Identity, order_id: str) -> StatusResult:
    """Status and tracking without the contents, for the verified owner or a visitor who claimed the order."""
    if identity.customer_id is None or identity.trust < Trust.CLAIMED:
        return StatusResult(StatusOutcome.NEEDS_VERIFICATION)
    if identity.trust < Trust.VERIFIED and identity.claimed_order_id != order_id:
        return StatusResult(StatusOutcome.NEEDS_VERIFICATION)
    row = connection.execute(select(orders).where(own_order(identity.customer_id, order_id))).one_or_none()
    if row is None:
        return StatusResult(StatusOutcome.NOT_FOUND)
    sent = _shipments(connection, [order_id])[order_id]
    progress = OrderProgress(row.order_id, OrderStatus(row.status), row.promised_on, row.delivered_at, tuple(sent))
    return StatusResult(StatusOutcome.FOUND, progress)


def _load(connection: Connection, query: Any) -> tuple[Order, ...]:
    """Four queries, however many orders there are."""
    rows = connection.execute(query).all()
    if not rows:
        return ()
    order_ids = [row.order_id for row in rows]
    methods = _methods(connection, {row.customer_id for row in rows})
    lines = _lines(connection, order_ids)
    sent = _shipments(connection, order_ids)
    paid = _payments(connection, order_ids, methods)
    return tuple(_order(row, lines[row.order_id], sent[row.order_id], paid[row.order_id], methods) for row in rows)


def _order(
    row: Row,
    lines: Sequence[OrderLine],
    sent: Sequence[Shipment],
    paid: Sequence[Payment],
    methods: Mapping[str, PaymentMethod],
) -> Order:
    return Order(
        order_id=row.order_id,
        status=OrderStatus(row.status),
        promised_on=row.promised_on,
        delivered_at=row.delivered_at,
        shipments=tuple(sent),
        placed_at=row.placed_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        items_modified=row.items_modified,
        lines=tuple(lines),
        payments=tuple(paid),
        payment_method=methods.get(row.payment_method_id),
        address=address_of(row),
        shipping_cents=row.shipping_cents,
        discount_cents=row.discount_cents,
    )


def _lines(connection: Connection, order_ids: Sequence[str]) -> Mapping[str, list[OrderLine]]:
    found: defaultdict[str, list[OrderLine]] = defaultdict(list)
    query = (
        select(order_lines, items.c.product_id, items.c.options, products.c.name, products.c.category)
        .join(items, items.c.item_id == order_lines.c.item_id)
        .join(products, products.c.product_id == items.c.product_id)
        .where(order_lines.c.order_id.in_(order_ids))
        .order_by(order_lines.c.line_id)
    )
    for row in connection.execute(query):
        found[row.order_id].append(
            OrderLine(
                line_id=row.line_id,
                item_id=row.item_id,
                product_id=row.product_id,
                product_name=row.name,
                category=row.category,
                options=row.options,
                quantity=row.quantity,
                price_cents=row.price_cents,
                status=LineStatus(row.status),
            )
        )
    return found


def _shipments(connection: Connection, order_ids: Sequence[str]) -> Mapping[str, list[Shipment]]:
    found: defaultdict[str, list[Shipment]] = defaultdict(list)
    query = select(shipments).where(shipments.c.order_id.in_(order_ids)).order_by(shipments.c.shipment_id)
    for row in connection.execute(query):
        found[row.order_id].append(Shipment(row.tracking_id, row.carrier, row.status, row.shipped_at, row.delivered_at))
    return found


def _payments(
    connection: Connection, order_ids: Sequence[str], methods: Mapping[str, PaymentMethod]
) -> Mapping[str, list[Payment]]:
    found: defaultdict[str, list[Payment]] = defaultdict(list)
    query = select(payments).where(payments.c.order_id.in_(order_ids)).order_by(payments.c.payment_id)
    for row in connection.execute(query):
        method = methods.get(row.payment_method_id)
        found[row.order_id].append(Payment(row.kind, row.amount_cents, row.status, method, row.created_at, row.done_at))
    return found


def _methods(connection: Connection, customer_ids: Collection[str]) -> Mapping[str, PaymentMethod]:
    query = select(payment_methods).where(payment_methods.c.customer_id.in_(list(customer_ids)))
    return {row.payment_method_id: method_of(row) for row in connection.execute(query)}

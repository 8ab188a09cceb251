"""Whose order it is, and holding it while it is changed.

Ownership is part of every query's WHERE: an order of somebody else and an order that does not exist give
the same empty result, so no answer tells which of the two it was.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.identity import Identity, Trust
from crm_models.tables import orders


def verified_customer(identity: Identity) -> str | None:
    """The customer whose orders this conversation may read and change; None without a proof."""
    return identity.customer_id if identity.trust >= Trust.VERIFIED else None


def own_order(customer_id: str, order_id: str) -> Any:
    """The condition on `orders` that it is this order, and this customer's."""
    return and_(orders.c.order_id == order_id, orders.c.customer_id == customer_id)


def owned_status(connection: Connection, customer_id: str, order_id: str) -> str | None:
    """The status of the customer's own order; None for every other."""
    status: str | None = connection.execute(
        select(orders.c.status).where(own_order(customer_id, order_id))
    ).scalar_one_or_none()
    return status


def hold_order(connection: Connection, customer_id: str, order_id: str, statuses: Collection[str]) -> Row | None:
    """The customer's order, locked until the transaction ends; None unless its status is one of `statuses`.

    The lock is an UPDATE that changes nothing, because SQLite knows no SELECT ... FOR UPDATE. Of two
    transactions that act on one order the second waits here, and then sees what the first one left.
    """
    held = connection.execute(
        update(orders)
        .where(own_order(customer_id, order_id), orders.c.status.in_(list(statuses)))
        .values(status=orders.c.status)
    )
    if held.rowcount == 0:
        return None
    return connection.execute(select(orders).where(orders.c.order_id == order_id)).one()

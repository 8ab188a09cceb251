"""What orders earned: the margin of their goods, less what was taken off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.tables import items, order_lines, orders, products

# Share of the price that is earned, by product line; None: the line is not known. `OfferPolicy.margin`.
Margin = Callable[[str | None], float]


def order_margins(connection: Connection, margin: Margin, *which: Any) -> dict[str, float]:
    """By order, in cents, without shipping. A discount comes off what is earned, in full.

    Args:
        which: conditions on the columns of `orders`.
    """
    query = (
        select(
            orders.c.order_id,
            orders.c.discount_cents,
            products.c.category,
            func.sum(order_lines.c.quantity * order_lines.c.price_cents).label("cents"),
        )
        .select_from(
            orders.outerjoin(order_lines, order_lines.c.order_id == orders.c.order_id)
            .outerjoin(items, items.c.item_id == order_lines.c.item_id)
            .outerjoin(products, products.c.product_id == items.c.product_id)
        )
        .where(*which)
        .group_by(orders.c.order_id, orders.c.discount_cents, products.c.category)
    )
    found: defaultdict[str, float] = defaultdict(float)
    for row in connection.execute(query):
        if row.order_id not in found:
            found[row.order_id] = -float(row.discount_cents)
        found[row.order_id] += margin(row.category) * float(row.cents or 0)
    return dict(found)

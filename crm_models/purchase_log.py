"""Who bought what, and what the shop says about its products: what a recommender learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.order_records import LineStatus, OrderStatus
from crm_models.tables import items, order_lines, orders, products

# A line sent back says nothing for the product.
SENT_BACK = (LineStatus.RETURN_REQUESTED.value, LineStatus.RETURNED.value)


@dataclass(frozen=True)
class ProductText:
    product_id: str
    category: str
    type: str  # "kettle": the attribute `type`, empty where the shop has none
    text: str  # name, description and attributes


@dataclass(frozen=True)
class PurchaseLog:
    """One row for each product of each order, oldest first; products are numbers into `products`."""

    products: tuple[ProductText, ...]  # in order of their ids
    customers: tuple[str, ...]
    customer: NDArray[np.int64]  # (rows,), index into customers
    order: NDArray[np.int64]  # (rows,), 0 to the number of orders
    product: NDArray[np.int64]  # (rows,), index into products
    day: NDArray[np.float64]  # (rows,), days since 1970-01-01 UTC

    def __len__(self) -> int:
        return len(self.product)

    def rows(self, chosen: NDArray[np.bool_]) -> PurchaseLog:
        """Only these rows; products, customers and their numbers stay."""
        return PurchaseLog(
            self.products,
            self.customers,
            self.customer[chosen],
            self.order[chosen],
            self.product[chosen],
            self.day[chosen],
        )


def read_purchases(connection: Connection, until: datetime | None = None) -> PurchaseLog:
    """Everything bought and kept before `until`, from the orders that were not cancelled."""
    query = (
        select(orders.c.customer_id, orders.c.order_id, items.c.product_id, orders.c.placed_at)
        .select_from(
            orders.join(order_lines, order_lines.c.order_id == orders.c.order_id).join(
                items, items.c.item_id == order_lines.c.item_id
            )
        )
        .where(orders.c.status != OrderStatus.CANCELLED.value, order_lines.c.status.not_in(SENT_BACK))
        .order_by(orders.c.placed_at, orders.c.order_id, order_lines.c.line_id)
    )
    if until is not None:
        query = query.where(orders.c.placed_at < until)
    rows = connection.execute(query).all()
    catalogue = tuple(_texts(connection))
    customers = tuple(sorted({row.customer_id for row in rows}))
    return PurchaseLog(
        products=catalogue,
        customers=customers,
        customer=_numbers([row.customer_id for row in rows], customers),
        order=_numbers([row.order_id for row in rows], sorted({row.order_id for row in rows})),
        product=_numbers([row.product_id for row in rows], [product.product_id for product in catalogue]),
        day=np.array([days(row.placed_at) for row in rows], dtype=np.float64),
    )


def days(moment: datetime) -> float:
    """Days since 1970-01-01."""
    return (moment - datetime(1970, 1, 1)).total_seconds() / 86_400


def _numbers(values: Sequence[str], known: Sequence[str]) -> NDArray[np.int64]:
    number = {value: index for index, value in enumerate(known)}
    return np.array([number[value] for value in values], dtype=np.int64)


def _texts(connection: Connection) -> list[ProductText]:
    rows = connection.execute(select(products).order_by(products.c.product_id))
    return [
        ProductText(
            product_id=row.product_id,
            category=row.category,
            type=str((row.attributes or {}).get("type", "")),
            text=" ".join([row.name, row.category, row.description or "", *_told(row.attributes or {})]),
        )
        for row in rows
    ]


def _told(attributes: dict[str, Any]) -> list[str]:
    """Attributes as words: what is true by its name, other texts by their value; numbers say nothing."""
    named = [name.replace("_", " ") for name, value in attributes.items() if value is True]
    return named + [value for value in attributes.values() if isinstance(value, str)]

"""What customers looked at, searched, asked about and bought, by category of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
from sqlalchemy import or_, select, union_all
from sqlalchemy.engine import Connection

from crm_models.order_records import OrderStatus
from crm_models.tables import browse_events, items, messages, order_lines, orders, products

_WORD = re.compile(r"\w+")


def read_looks(connection: Connection) -> pd.DataFrame:
    """A row for each product viewed, and each category that a search or a customer's message names: `customer_id`,
    `created_at`, `category`."""
    viewed = connection.execute(
        select(browse_events.c.customer_id, browse_events.c.created_at, products.c.category)
        .join(products, products.c.product_id == browse_events.c.product_id)
        .where(browse_events.c.kind == "view")
    )
    searched = select(browse_events.c.customer_id, browse_events.c.created_at, browse_events.c.query).where(
        browse_events.c.query.is_not(None)
    )
    asked = select(messages.c.customer_id, messages.c.created_at, messages.c.text).where(
        messages.c.author == "customer", messages.c.customer_id.is_not(None), messages.c.text.is_not(None)
    )
    names = _names(connection)
    rows = [tuple(row) for row in viewed]
    known: dict[str, frozenset[str]] = {}
    for customer_id, at, text in connection.execute(union_all(searched, asked)):
        if text not in known:
            known[text] = _categories(text, names)
        rows += [(customer_id, at, category) for category in sorted(known[text])]
    return _frame(rows, ["customer_id", "created_at", "category"])


def read_bought(connection: Connection) -> pd.DataFrame:
    """A row for each order line: `customer_id`, `created_at`, `category`, `cancelled_at`."""
    known = or_(orders.c.status != OrderStatus.CANCELLED.value, orders.c.cancelled_at.is_not(None))
    rows = connection.execute(
        select(orders.c.customer_id, orders.c.placed_at, products.c.category, orders.c.cancelled_at)
        .select_from(orders)
        .join(order_lines, order_lines.c.order_id == orders.c.order_id)
        .join(items, items.c.item_id == order_lines.c.item_id)
        .join(products, products.c.product_id == items.c.product_id)
        .where(known)
    )
    return _frame(rows, ["customer_id", "created_at", "category", "cancelled_at"])


def _frame(rows: Iterable[Any], columns: list[str]) -> pd.DataFrame:
    frame: pd.DataFrame = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    for name in columns:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def _names(connection: Connection) -> dict[str, str]:
    """Category by what it is called: its own name, and the types of its products ("kettle")."""
    found: dict[str, str] = {}
    for category, attributes in connection.execute(select(products.c.category, products.c.attributes)):
        found[_plain(category)] = category
        kind = (attributes or {}).get("type")
        if isinstance(kind, str) and kind:
            found.setdefault(_plain(kind), category)
    return found


def _categories(text: str, names: dict[str, str]) -> frozenset[str]:
    """Whole words only, also in the plural."""
    padded = f" {_plain(text)} "
    return frozenset(category for name, category in names.items() if f" {name} " in padded or f" {name}s " in padded)


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))

"""Cleaned lines of orders as rows of the shop's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from crm_models.order_records import LineStatus, OrderStatus
from crm_models.view.customer_plan import new_customer
from crm_models.view.import_facts import Said

if TYPE_CHECKING:
    import pandas as pd

CATEGORY = "imported"
RETURN, CLOSED = "return", "closed"


def buyers(heads: pd.DataFrame, known: Collection[str]) -> tuple[list[dict[str, Any]], list[Said]]:
    """Rows of customers that are not in the shop, and the country that their first order here names."""
    first = heads[~heads["customer_id"].isin(known)].drop_duplicates("customer_id")
    country = first["country"] if "country" in first else [None] * len(first)
    rows, said = [], []
    for customer_id, at, land in zip(first["customer_id"], first["placed_at"], country, strict=True):
        rows.append(new_customer(customer_id, at.to_pydatetime()))
        if isinstance(land, str):
            said.append(Said(customer_id, at.to_pydatetime(), {"country": land}))
    return rows, said


def product_rows(lines: pd.DataFrame, known: Collection[str]) -> list[dict[str, Any]]:
    """A product for each item that is not known, named as its latest line names it."""
    new = lines[~lines["item_id"].isin(known)].drop_duplicates("item_id", keep="last")
    rows = []
    for row in new.to_dict("records"):
        name, category = row.get("description"), row.get("category")
        rows.append(
            {
                "product_id": row["item_id"],
                "name": (name if isinstance(name, str) else row["item_id"])[:160],
                "category": (category if isinstance(category, str) else CATEGORY)[:60],
                "description": "",
                "attributes": {},
            }
        )
    return rows


def item_rows(lines: pd.DataFrame, known: Collection[str]) -> list[dict[str, Any]]:
    """One item of each product that is not known, at its latest price."""
    new = lines[~lines["item_id"].isin(known)].drop_duplicates("item_id", keep="last")
    pairs = zip(new["item_id"], new["price_cents"], strict=True)
    return [
        {"item_id": each, "product_id": each, "options": {}, "price_cents": int(price), "stock": 0}
        for each, price in pairs
    ]


def order_rows(heads: pd.DataFrame) -> list[dict[str, Any]]:
    rows = zip(heads["order_id"], heads["customer_id"], heads["placed_at"], strict=True)
    return [
        {
            "order_id": order_id,
            "customer_id": customer_id,
            "status": OrderStatus.DELIVERED.value,
            "placed_at": at.to_pydatetime(),
            "items_modified": False,
            "shipping_cents": 0,
            "discount_cents": 0,
        }
        for order_id, customer_id, at in rows
    ]


def line_rows(lines: pd.DataFrame) -> list[dict[str, Any]]:
    returned = lines["returned_at"].notna()
    rows = zip(lines["order_id"], lines["item_id"], lines["quantity"], lines["price_cents"], returned, strict=True)
    return [line_row(*row) for row in rows]


def line_row(order_id: str, item_id: str, quantity: int, price_cents: int, returned: bool) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "item_id": item_id,
        "quantity": int(quantity),
        "price_cents": int(price_cents),
        "status": (LineStatus.RETURNED if returned else LineStatus.ORDERED).value,
    }


def return_rows(lines: pd.DataFrame, stored: Collection[Any]) -> list[dict[str, Any]]:
    """A return names the line it is of, and the database numbers the lines.

    Args:
        stored: rows of `order_lines` as the database wrote them, those of the returned lines among them.
    """
    back = lines[lines["returned_at"].notna()]
    times: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in back.itertuples():
        times[row.order_id, row.item_id, row.quantity, row.price_cents].append(row.returned_at)
    rows = []
    for line in stored:
        waiting = times.get((line.order_id, line.item_id, line.quantity, line.price_cents))
        if waiting:
            rows.append(return_row(line.order_id, line.line_id, waiting.pop(0)))
    return rows


def return_row(order_id: str, line_id: int, at: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "line_id": line_id,
        "kind": RETURN,
        "status": CLOSED,
        "created_at": at.to_pydatetime(),
    }

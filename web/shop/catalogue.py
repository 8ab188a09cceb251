"""Products as the shop's pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.tables import items, products


@dataclass(frozen=True)
class Card:
    """A product in the list; `from_cents` is its cheapest variant, None when none is sold."""

    product_id: str
    name: str
    brand: str | None
    category: str
    from_cents: int | None
    variants: int
    stock: int


@dataclass(frozen=True)
class Variant:
    item_id: str
    options: Mapping[str, Any]
    price_cents: int
    stock: int


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    category: str
    brand: str | None
    description: str
    attributes: Mapping[str, Any]
    variants: tuple[Variant, ...]


def list_by_category(connection: Connection) -> dict[str, list[Card]]:
    """Every product, by category and name."""
    rows = connection.execute(
        select(
            products.c.product_id,
            products.c.name,
            products.c.brand,
            products.c.category,
            func.min(items.c.price_cents),
            func.count(items.c.item_id),
            func.coalesce(func.sum(items.c.stock), 0),
        )
        .select_from(products.outerjoin(items, items.c.product_id == products.c.product_id))
        .group_by(products.c.product_id, products.c.name, products.c.brand, products.c.category)
        .order_by(products.c.category, products.c.name)
    )
    grouped: dict[str, list[Card]] = {}
    for row in rows:
        card = Card(*row)
        grouped.setdefault(card.category, []).append(card)
    return grouped


def get_product(connection: Connection, product_id: str) -> Product | None:
    row = connection.execute(
        select(
            products.c.product_id,
            products.c.name,
            products.c.category,
            products.c.brand,
            products.c.description,
            products.c.attributes,
        ).where(products.c.product_id == product_id)
    ).one_or_none()
    if row is None:
        return None
    variants = connection.execute(
        select(items.c.item_id, items.c.options, items.c.price_cents, items.c.stock)
        .where(items.c.product_id == product_id)
        .order_by(items.c.price_cents, items.c.item_id)
    )
    return Product(*row, tuple(Variant(*variant) for variant in variants))

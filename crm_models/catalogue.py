"""What is sold: finding products, their prices and their stock. Open to everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Row

from crm_models.order_records import options_text
from crm_models.product_search import (
    BRAND,
    CATEGORY,
    DESCRIPTION,
    FEATURE,
    NAME,
    ProductIndex,
    closest_category,
    match_option,
    query_words,
)
from crm_models.tables import items, products

LOW_STOCK = 3  # pieces of an item; from here down a customer is told to be quick


@dataclass(frozen=True)
class Item:
    """A sellable variant of a product."""

    item_id: str
    options: Mapping[str, Any]
    price_cents: int
    stock: int

    @property
    def options_text(self) -> str:
        return options_text(self.options)


@dataclass(frozen=True)
class PriceRange:
    lowest_cents: int
    highest_cents: int


@dataclass(frozen=True)
class ProductCard:
    product_id: str
    name: str
    category: str
    brand: str | None
    description: str
    attributes: Mapping[str, Any]
    items: tuple[Item, ...]  # cheapest first

    @property
    def price_range(self) -> PriceRange | None:
        """Of what is in stock; of everything when nothing is."""
        prices = [item.price_cents for item in self.items if item.stock > 0]
        prices = prices or [item.price_cents for item in self.items]
        return PriceRange(min(prices), max(prices)) if prices else None

    @property
    def in_stock(self) -> bool:
        return any(item.stock > 0 for item in self.items)


class StockOutcome(StrEnum):
    IN_STOCK = "in_stock"
    LOW_STOCK = "low_stock"
    OUT_OF_STOCK = "out_of_stock"
    UNKNOWN_OPTION = "unknown_option"  # the product is not made like that
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class StockResult:
    outcome: StockOutcome
    items: tuple[Item, ...] = ()  # those asked about
    alternatives: tuple[Item, ...] = ()  # others of the product that are in stock


@dataclass(frozen=True)
class Gazetteer:
    """Names an entity extractor looks for; each sorted, without repetitions."""

    products: tuple[str, ...]
    categories: tuple[str, ...]
    brands: tuple[str, ...]
    options: tuple[str, ...]


def find_products(
    connection: Connection,
    text: str,
    category: str | None = None,
    max_price_cents: int | None = None,
    limit: int = 5,
) -> tuple[ProductCard, ...]:
    """Products for what somebody typed, best first; of equally good ones those in stock, then the cheaper.

    `category` may be the customer's word for it; a word that names no category is searched for instead.
    Without any telling word in `text` everything in the category and price is found.
    """
    cards = _cards(connection)
    if category is not None:
        known = closest_category(category, sorted({card.category for card in cards}))
        if known is None:
            text = f"{text} {category}"
        else:
            cards = [card for card in cards if card.category == known]
    scores = _index(cards).scores(text) if query_words(text) else {card.product_id: 1.0 for card in cards}
    found = [card for card in cards if card.product_id in scores and _affordable(card, max_price_cents)]
    found.sort(key=lambda card: (-round(scores[card.product_id], 2), not card.in_stock, _lowest(card)))
    return tuple(found[:limit])


def product_card(connection: Connection, product_id: str) -> ProductCard | None:
    found = _cards(connection, [product_id])
    return found[0] if found else None


def categories(connection: Connection) -> list[str]:
    """The categories that the shop sells in."""
    return list(connection.execute(select(products.c.category).distinct().order_by(products.c.category)).scalars())


def price_range(connection: Connection, product_id: str) -> PriceRange | None:
    """Of what is in stock; None for a product that is unknown or has no items."""
    card = product_card(connection, product_id)
    return card.price_range if card else None


def stock_of(connection: Connection, product_id: str, option: str | None = None) -> StockResult:
    """Whether a product is there, or its variants that `option` names: "red", "1.7 l in black"."""
    card = product_card(connection, product_id)
    if card is None:
        return StockResult(StockOutcome.NOT_FOUND)
    asked = match_option(card.items, option) if option else card.items
    others = tuple(item for item in card.items if item.stock > 0 and item not in asked)
    if not asked:
        return StockResult(StockOutcome.UNKNOWN_OPTION if option else StockOutcome.OUT_OF_STOCK, (), others)
    most = max(item.stock for item in asked)
    if most == 0:
        return StockResult(StockOutcome.OUT_OF_STOCK, asked, others)
    return StockResult(StockOutcome.LOW_STOCK if most <= LOW_STOCK else StockOutcome.IN_STOCK, asked, others)


def gazetteer(connection: Connection) -> Gazetteer:
    """All names of products, categories, brands and option values."""
    rows = connection.execute(select(products.c.name, products.c.category, products.c.brand)).all()
    values = {
        str(value)
        for options in connection.execute(select(items.c.options)).scalars()
        for value in options.values()
        if isinstance(value, str)
    }
    return Gazetteer(
        products=tuple(sorted({row.name for row in rows})),
        categories=tuple(sorted({row.category for row in rows})),
        brands=tuple(sorted({row.brand for row in rows if row.brand})),
        options=tuple(sorted(values)),
    )


def _cards(connection: Connection, product_ids: Collection[str] | None = None) -> list[ProductCard]:
    query = select(products).order_by(products.c.product_id)
    variants = select(items).order_by(items.c.price_cents, items.c.item_id)
    if product_ids is not None:
        query = query.where(products.c.product_id.in_(list(product_ids)))
        variants = variants.where(items.c.product_id.in_(list(product_ids)))
    by_product: defaultdict[str, list[Item]] = defaultdict(list)
    for row in connection.execute(variants):
        by_product[row.product_id].append(Item(row.item_id, row.options, row.price_cents, row.stock))
    return [_card(row, by_product[row.product_id]) for row in connection.execute(query)]


def _card(row: Row, variants: Sequence[Item]) -> ProductCard:
    return ProductCard(
        product_id=row.product_id,
        name=row.name,
        category=row.category,
        brand=row.brand,
        description=row.description,
        attributes=row.attributes,
        items=tuple(variants),
    )


def _index(cards: Sequence[ProductCard]) -> ProductIndex:
    return _build_index(tuple(text for card in cards for text in _texts(card)))


@lru_cache(maxsize=16)
def _build_index(texts: tuple[tuple[str, str, float], ...]) -> ProductIndex:
    """Remembered by what was indexed, so a changed catalogue is never answered from an old index."""
    index = ProductIndex()
    for product_id, text, weight in texts:
        index.add(product_id, text, weight)
    return index


def _texts(card: ProductCard) -> Iterator[tuple[str, str, float]]:
    """(product id, text, weight) of everything that says what the product is."""
    features = [value for item in card.items for value in item.options.values()]
    for name, value in card.attributes.items():  # "noise_cancelling: true" is found by its name
        features += [] if value is False else [name.replace("_", " ")] if value is True else [value]
    yield card.product_id, card.name, NAME
    yield card.product_id, str(card.attributes.get("type", "")), NAME
    yield card.product_id, card.brand or "", BRAND
    yield card.product_id, card.category, CATEGORY
    yield card.product_id, " ".join(str(feature) for feature in features), FEATURE
    yield card.product_id, card.description, DESCRIPTION


def _affordable(card: ProductCard, max_price_cents: int | None) -> bool:
    return max_price_cents is None or any(item.price_cents <= max_price_cents for item in card.items)


def _lowest(card: ProductCard) -> int:
    return min((item.price_cents for item in card.items), default=0)

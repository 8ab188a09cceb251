"""What the demo shop sells, read from `catalogue/*.yml`.

`type` and `goes_with` say which products belong together (a kettle goes with tea). The generator buys by
them; the shop's database only gets `type`, so that a recommender has to find the rest in the orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from demo.errors import BadCatalogue

FOLDER = Path(__file__).parent / "catalogue"
LARGE_KG = 20.0  # heavier goods are carried to the room and cost more


@dataclass(frozen=True)
class Item:
    item_id: str
    product_id: str
    options: dict[str, str]
    price_cents: int
    stock: int


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    category: str
    brand: str
    type: str
    description: str
    attributes: dict[str, Any]
    goes_with: frozenset[str]  # types
    consumable: bool  # bought again and again
    items: tuple[Item, ...]

    @property
    def is_large(self) -> bool:
        return float(self.attributes.get("weight_kg", 0)) > LARGE_KG

    @property
    def is_returnable(self) -> bool:
        """Whether it may come back although nothing is wrong with it."""
        return self.attributes.get("returnable", True) is not False

    @property
    def is_gift_card(self) -> bool:
        return self.type == "gift card"

    @property
    def lowest_price_cents(self) -> int:
        return min(item.price_cents for item in self.items)


@dataclass(frozen=True)
class Catalogue:
    products: tuple[Product, ...]  # by product_id

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted({product.category for product in self.products}))

    def items(self) -> Iterator[Item]:
        for product in self.products:
            yield from product.items

    def by_item(self) -> dict[str, Product]:
        """The product of every item id."""
        return {item.item_id: product for product in self.products for item in product.items}


def load_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Read every `*.yml` of the folder.

    Raises:
        BadCatalogue: a field is missing, an id or name is used twice, or `goes_with` names no type.
    """
    products = [product for path in sorted(folder.glob("*.yml")) for product in _read(path)]
    if not products:
        raise BadCatalogue(f"There is no product file (*.yml) in {folder}.")
    _refuse_twice("id", [product.product_id for product in products])
    _refuse_twice("name", [product.name for product in products])
    types = {product.type for product in products}
    for product in products:
        if unknown := product.goes_with - types:
            raise BadCatalogue(f"{product.product_id}: goes_with names {sorted(unknown)}, the type of no product.")
    return Catalogue(tuple(sorted(products, key=lambda product: product.product_id)))


def _read(path: Path) -> Iterator[Product]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in content["products"]:
        try:
            yield _product(entry, content["category"])
        except KeyError as error:
            raise BadCatalogue(f"{path.name}: product {entry.get('id', entry)} has no {error}.") from error


def _product(entry: dict[str, Any], category: str) -> Product:
    product_id = entry["id"]
    items = tuple(
        Item(
            item_id=f"{product_id}-{number}",
            product_id=product_id,
            options={key: value for key, value in item.items() if key not in ("price", "stock")},
            price_cents=round(item["price"] * 100),
            stock=item["stock"],
        )
        for number, item in enumerate(entry["items"], start=1)
    )
    return Product(
        product_id=product_id,
        name=entry["name"],
        category=category,
        brand=entry["brand"],
        type=entry["type"],
        description=entry["description"],
        attributes={"type": entry["type"], **entry["attributes"]},
        goes_with=frozenset(entry.get("goes_with", ())),
        consumable=entry.get("consumable", False),
        items=items,
    )


def _refuse_twice(what: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise BadCatalogue(f"The {what} {twice[0]!r} is used by two products.")

"""What fits a wish with a price."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.product_wishes import grant, read_wish
from crm_models.tables import items, products


@pytest.mark.parametrize(
    ("text", "most_cents"),
    [
        ("do you have a quiet vacuum under 200 euros?", 20_000),
        ("show me kettles below €50 please", 5_000),
        ("an espresso machine up to 1,200.50 EUR", 120_050),
        ("lamp, my budget is 250", 25_000),
        ("a toaster for around 60 euros", 6_900),
    ],
)
def test_a_price_is_read_however_it_is_written(text: str, most_cents: int) -> None:
    wish = read_wish(text)
    assert wish is not None and wish.most_cents == most_cents


@pytest.mark.parametrize(
    "text",
    ["a lamp with max 30 watt", "a kettle for 2 people", "something up to 70 EUR", "where is my order", "kettle"],
)
def test_other_numbers_are_no_prices(text: str) -> None:
    assert read_wish(text) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a kettle under 45 euros", ["P-KETTLE"]),
        ("your cheapest pan", ["P-PAN"]),
    ],
)
def test_what_fits_is_found(shop: Connection, text: str, names: list[str]) -> None:
    wish = read_wish(text)
    assert wish is not None
    assert [card.product_id for card in grant(shop, wish, 3).fitting] == names


def test_where_nothing_fits_the_cheapest_of_the_kind_is_named(shop: Connection) -> None:
    wish = read_wish("a kettle for at most 10 euros")
    assert wish is not None
    granted = grant(shop, wish, 3)
    assert granted.fitting == () and granted.nearest is not None and granted.nearest.product_id == "P-KETTLE"


def test_who_looks_for_a_product_is_not_shown_what_belongs_to_it(shop: Connection) -> None:
    bags = {
        "product_id": "P-BAGS",
        "name": "Solvik kettle bags",
        "category": "kitchen",
        "attributes": {"type": "kettle bags"},
    }
    shop.execute(insert(products).values(description="", **bags))
    shop.execute(insert(items).values(item_id="BAGS", product_id="P-BAGS", options={}, price_cents=900, stock=5))
    wish = read_wish("a kettle under 45 euros")
    assert wish is not None
    assert [card.product_id for card in grant(shop, wish, 3).fitting] == ["P-KETTLE"]

"""Finding products, prices and stock."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Connection, Engine

from crm_models.catalogue import (
    StockOutcome,
    find_products,
    gazetteer,
    price_range,
    product_card,
    stock_of,
)
from crm_models.product_search import closest_category, match_option


def _found(connection: Connection, text: str, **limits: object) -> list[str]:
    return [card.product_id for card in find_products(connection, text, **limits)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("do you have a kettle?", "P-KETTLE"),
        ("kettles", "P-KETTLE"),
        ("a black ketle please", "P-KETTLE"),
        ("Solvik", "P-KETTLE"),
        ("airfryer", "P-FRYER"),
        ("air frier 5,5 l", "P-FRYER"),
        ("toster", "P-TOASTER"),
        ("head phones", "P-EARPHONES"),
        ("a dimmable lamp for my desk", "P-LAMP"),
        ("pan", "P-PAN"),
        ("something for cooking in the frying-pan style", "P-PAN"),
    ],
)
def test_products_are_found_as_people_call_them(shop: Connection, text: str, first: str) -> None:
    assert _found(shop, text)[0] == first


@pytest.mark.parametrize("text", ["winter tyres", "a unicorn", "zzzz"])
def test_what_is_not_sold_is_not_found(shop: Connection, text: str) -> None:
    assert _found(shop, text) == []


def test_category_and_price_limit_the_search(shop: Connection) -> None:
    assert set(_found(shop, "", category="kitchen")) == {"P-KETTLE", "P-TOASTER", "P-FRYER"}
    assert _found(shop, "Kessling", category="cookware") == ["P-PAN"]
    assert _found(shop, "", max_price_cents=2600) == ["P-PAN"]
    assert _found(shop, "earphones", max_price_cents=1000) == []
    assert _found(shop, "", category="kettle")[0] == "P-KETTLE"  # no category, so a word to look for
    assert len(_found(shop, "", limit=2)) == 2


def test_a_card_has_prices_of_what_is_there(shop: Connection) -> None:
    card = product_card(shop, "P-KETTLE")
    assert card is not None
    assert card.in_stock
    assert card.items[0].item_id == "KETTLE-CREAM"
    prices = price_range(shop, "P-KETTLE")
    assert prices is not None
    assert (prices.lowest_cents, prices.highest_cents) == (3990, 4990)
    assert product_card(shop, "P-NONE") is None
    assert price_range(shop, "P-NONE") is None


@pytest.mark.parametrize(
    ("option", "outcome", "items"),
    [
        (None, StockOutcome.IN_STOCK, 4),
        ("the red one", StockOutcome.IN_STOCK, 1),
        ("black", StockOutcome.LOW_STOCK, 1),
        ("midnight blue", StockOutcome.OUT_OF_STOCK, 1),
        ("1.7 l", StockOutcome.IN_STOCK, 3),
        ("red or cream", StockOutcome.IN_STOCK, 2),
        ("cream in 1,7 l", StockOutcome.UNKNOWN_OPTION, 0),
        ("purple", StockOutcome.UNKNOWN_OPTION, 0),
    ],
)
def test_stock_of_an_option(shop: Connection, option: str | None, outcome: StockOutcome, items: int) -> None:
    result = stock_of(shop, "P-KETTLE", option)
    assert (result.outcome, len(result.items)) == (outcome, items)
    assert all(item.stock > 0 and item not in result.items for item in result.alternatives)


def test_stock_of_an_unknown_product(shop: Connection) -> None:
    assert stock_of(shop, "P-NONE").outcome is StockOutcome.NOT_FOUND


def test_a_longer_value_wins_over_the_one_inside_it(shop: Connection) -> None:
    class Colour:
        def __init__(self, colour: str) -> None:
            self.options = {"colour": colour}

    blue, midnight = Colour("blue"), Colour("midnight blue")
    assert match_option([blue, midnight], "midnight blue") == (midnight,)
    assert match_option([blue, midnight], "in blue") == (blue,)
    assert match_option([blue, midnight], "blu") == ()


def test_categories_as_people_call_them() -> None:
    known = ["vacuum and cleaning", "coffee and tea", "home office", "smart home"]
    assert closest_category("vacuums", known) == "vacuum and cleaning"
    assert closest_category("cofee", known) == "coffee and tea"
    assert closest_category("smart home stuff", known) == "smart home"
    assert closest_category("gardening", known) is None


def test_gazetteer_lists_every_name_once(shop: Connection) -> None:
    names = gazetteer(shop)
    assert "Kessling Duo toaster" in names.products
    assert names.categories == ("audio", "cookware", "kitchen appliances", "lighting", "smart home")
    assert names.brands == ("Auralin", "Kessling", "Lumo", "Solvik")
    assert names.options.count("black") == 1
    assert "midnight blue" in names.options


def test_both_databases_find_the_same(shop_engine: Engine) -> None:
    with shop_engine.connect() as connection:
        assert _found(connection, "kettle") == ["P-KETTLE"]

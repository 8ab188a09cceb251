"""The invented products are plenty, concrete and consistent with the shop's terms."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from demo.catalogue import Catalogue, Product, load_catalogue
from demo.errors import BadCatalogue

PRODUCT = """
category: lighting
products:
  - id: LI-1
    name: Lamp
    brand: Glimra
    type: lamp
    description: A lamp.
    goes_with: [GOES_WITH]
    attributes: {watts: 5}
    items:
      - {colour: red, price: 9.99, stock: 1}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_there_is_enough_to_choose_from(catalogue: Catalogue) -> None:
    per_category = Counter(product.category for product in catalogue.products)
    assert set(per_category) == {
        *("kitchen appliances", "cookware", "coffee and tea", "vacuum and cleaning"),
        *("lighting", "audio", "smart home", "home office"),
    }
    assert len(catalogue.products) >= 120
    assert min(per_category.values()) >= 15


@pytest.mark.parametrize("product", load_catalogue().products, ids=lambda product: product.product_id)
def test_a_product_says_what_it_is(product: Product) -> None:
    assert 40 <= len(product.description.split()) <= 90
    assert len(product.attributes) > 1
    assert 1 <= len(product.items) <= 6
    assert len({tuple(item.options.values()) for item in product.items}) == len(product.items)
    assert all(item.price_cents > 0 and item.options for item in product.items)


def test_what_cannot_go_back_is_marked(catalogue: Catalogue) -> None:
    not_returnable = {product.type for product in catalogue.products if not product.is_returnable}
    assert not_returnable == {"in-ear headphones", "water filter", "coffee beans", "gift card", "blind"}


def test_only_goods_over_20_kg_are_large(catalogue: Catalogue) -> None:
    large = {product.type for product in catalogue.products if product.is_large}
    assert large == {"dishwasher", "wine cooler", "standing desk", "office chair"}


def test_a_mistake_in_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match="no product file"):
        load_catalogue(tmp_path)
    file = tmp_path / "lighting.yml"
    file.write_text(PRODUCT.replace("GOES_WITH", "sofa"))
    with pytest.raises(BadCatalogue, match=r"LI-1: goes_with names \['sofa'\]"):
        load_catalogue(tmp_path)
    file.write_text(PRODUCT.replace("GOES_WITH", "lamp").replace("    brand: Glimra\n", ""))
    with pytest.raises(BadCatalogue, match=r"lighting.yml: product LI-1 has no 'brand'"):
        load_catalogue(tmp_path)
    file.write_text(PRODUCT.replace("GOES_WITH", "lamp"))
    (tmp_path / "more.yml").write_text(PRODUCT.replace("GOES_WITH", "lamp"))
    with pytest.raises(BadCatalogue, match="'LI-1' is used by two products"):
        load_catalogue(tmp_path)

"""What is true for everybody: how popular each product is, and what belongs together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from demo.catalogue import Catalogue

# Share of the customers' interest, of 1 on average.
_APPEAL = {
    "kitchen appliances": 1.2,
    "coffee and tea": 1.4,
    "lighting": 0.9,
    "audio": 0.9,
    "home office": 0.9,
}
_POPULARITY_SPREAD = 0.7  # sigma of the log-normal: a few products sell much better than most
_GIFT_CARD = 0.3


@dataclass(frozen=True)
class Market:
    """The catalogue as arrays; index i is `catalogue.products[i]`."""

    catalogue: Catalogue
    category: NDArray[np.int_]  # (products,): index into catalogue.categories
    popularity: NDArray[np.float64]  # (products,)
    dearness: NDArray[np.float64]  # (products,): rank of the price within its category, 0 cheapest to 1
    appeal: NDArray[np.float64]  # (categories,)
    wanted_after: NDArray[np.bool_]  # (products, products): [i, j] j goes with i
    same_type: NDArray[np.bool_]  # (products, products)
    consumable: NDArray[np.bool_]  # (products,)


def open_market(catalogue: Catalogue, seed: int) -> Market:
    random = Generator(PCG64([seed, 1]))
    products = catalogue.products
    types = np.array([product.type for product in products])
    category = np.array([catalogue.categories.index(product.category) for product in products])
    popularity = random.lognormal(0.0, _POPULARITY_SPREAD, len(products))
    popularity[types == "gift card"] *= _GIFT_CARD
    price = np.array([product.lowest_price_cents for product in products])
    return Market(
        catalogue=catalogue,
        category=category,
        popularity=popularity,
        dearness=_rank_within(price, category),
        appeal=np.array([_APPEAL.get(name, 1.0) for name in catalogue.categories]),
        wanted_after=np.array([[other in product.goes_with for other in types] for product in products]),
        same_type=types[:, None] == types[None, :],
        consumable=np.array([product.consumable for product in products]),
    )


def _rank_within(price: NDArray[np.int_], category: NDArray[np.int_]) -> NDArray[np.float64]:
    rank = np.zeros(len(price))
    for group in np.unique(category):
        members = np.flatnonzero(category == group)
        order = price[members].argsort(kind="stable").argsort(kind="stable")
        rank[members] = order / max(len(members) - 1, 1)
    return rank

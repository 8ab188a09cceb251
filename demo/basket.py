"""What a customer puts into the basket: taste, price, and what goes with what is already at home."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from demo.catalogue import Item, Product
from demo.market import Market
from demo.traits import Traits

_CHEAP_PULL = 2.0  # how strongly the price counts for the most sensitive customer
_GOES_WITH = 7.0  # what goes with something at home
_GOES_WITH_BASKET = 0.45  # chance that the next line goes with a line of this basket
_AGAIN = 3.0  # a consumable that was bought before
_HAS_ONE = 0.03  # the same durable again
_HAS_SUCH = 0.2  # another durable of the same type
_LINES_MORE = 0.75  # lines beyond the first, on average
_SEVERAL = 0.25  # chance of more than one piece of a consumable


class Shopper:
    """One customer's choices; what was bought changes what is bought next."""

    def __init__(self, market: Market, traits: Traits) -> None:
        self._market = market
        self._sensitivity = traits.price_sensitivity
        taste = np.array(traits.taste)[market.category]
        cheapness = np.exp(-_CHEAP_PULL * traits.price_sensitivity * market.dearness)
        self._liking = taste * market.popularity * cheapness
        self._home = np.ones(len(market.catalogue.products))

    def fill_basket(self, random: Generator) -> list[tuple[Item, int]]:
        """Items and pieces of one order, each product at most once."""
        chosen: list[int] = []
        for _ in range(1 + int(random.poisson(_LINES_MORE))):
            weights = self._liking * self._home
            if chosen and random.random() < _GOES_WITH_BASKET:
                fitting = weights * self._market.wanted_after[chosen].any(axis=0)
                weights = fitting if fitting.sum() > 0 else weights
            weights[chosen] = 0.0
            if weights.sum() <= 0:
                break
            chosen.append(_draw(random, weights))
        self._bring_home(chosen)
        return [self._pieces(random, self._market.catalogue.products[index]) for index in chosen]

    def look_at(self, random: Generator, count: int) -> list[Product]:
        """Products the customer views without buying."""
        weights = (self._liking + 1e-4) * self._home
        return [self._market.catalogue.products[_draw(random, weights)] for _ in range(count)]

    def _bring_home(self, chosen: list[int]) -> None:
        market = self._market
        for index in chosen:
            if market.consumable[index]:
                self._home[index] = max(self._home[index], _AGAIN)
            else:
                self._home[market.same_type[index]] = np.minimum(self._home[market.same_type[index]], _HAS_SUCH)
                self._home[index] = _HAS_ONE
            wanted = market.wanted_after[index] & (self._home >= 1.0)
            self._home[wanted] = np.maximum(self._home[wanted], _GOES_WITH)

    def _pieces(self, random: Generator, product: Product) -> tuple[Item, int]:
        prices = np.array([item.price_cents for item in product.items], dtype=float)
        weights = np.exp(-2.0 * self._sensitivity * (prices / prices.min() - 1.0))
        item = product.items[_draw(random, weights)]
        several = product.consumable and random.random() < _SEVERAL
        return item, 1 + int(several) * int(random.integers(1, 3))


def _draw(random: Generator, weights: NDArray[np.float64]) -> int:
    """An index with a chance in proportion to its weight; much faster than `Generator.choice`."""
    reached = weights.cumsum()
    index = int(reached.searchsorted(random.random() * reached[-1], side="right"))
    return min(index, len(weights) - 1)

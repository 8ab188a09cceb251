"""What to suggest: item-to-item from what the customer bought, from descriptions for what is new, else popular.

Serving needs numpy only and reads the customer's orders, the stock and earlier offers when asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.errors import BadModel, BadTable
from crm_models.model_files import ModelCard, model_version, read_card, read_model, write_model
from crm_models.offers import declined_products
from crm_models.order_records import OrderStatus
from crm_models.product_search import closest_category, query_words
from crm_models.purchase_log import SENT_BACK, PurchaseLog, days
from crm_models.shop_policy import read_policy
from crm_models.tables import items, order_lines, orders

KIND = "recommendation"
NEIGHBOURS = 100  # kept for each product
# Days after which a purchase says half as much about taste, and a sale about what is popular.
TASTE_HALF_LIFE, POPULARITY_HALF_LIFE = 365.0, 90.0
# Types of which fewer customers than this ever bought a second product: who has a kettle wants no other.
ONCE = 0.1
_ONCE_PRIOR = (1.0, 10.0)  # second purchases and customers, so that a type few bought is not judged
_LOOK_UP = 50  # candidates whose stock is looked up at a time


@dataclass(frozen=True)
class Suggestion:
    product_id: str
    score: float  # comparable within one customer only
    because_product_id: str | None  # the purchase that speaks most for it; None: it is popular


@dataclass(frozen=True)
class _Catalogue:
    """The products the model knows, as rows of its arrays."""

    product_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    row: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, product_ids: list[str], categories: list[str], types: list[str]) -> Self:
        row = {product_id: index for index, product_id in enumerate(product_ids)}
        return cls(tuple(product_ids), tuple(categories), tuple(types), row)


class Recommender:
    """Suggests one product at a time.

    `fit` learns from a `PurchaseLog`, `scores` ranks the catalogue for what somebody bought, and `suggest`
    applies the shop's rules: in stock, not bought before, not declined before, recommendations allowed.
    """

    def __init__(self) -> None:
        self.version = ""
        self.card: ModelCard | None = None
        self.catalogue = _Catalogue()
        self._neighbour: NDArray[np.int32] = np.zeros((0, 0), dtype=np.int32)
        self._score: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self.popularity: NDArray[np.float32] = np.zeros(0, dtype=np.float32)  # share of recent sales
        self._once: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # of a type that is bought once

    def fit(self, log: PurchaseLog, now: datetime) -> Self:
        """Learn what goes with what, and what is popular at `now`.

        Raises:
            BadTable: the shop has no products.
        """
        from crm_models.item_similarity import nearest_products

        if not log.products:
            raise BadTable("The shop has no products to recommend. Run `rapport seed` or `rapport import-shop`.")
        self.version = model_version(KIND, now)
        self.catalogue = _Catalogue.of(
            [product.product_id for product in log.products],
            [product.category for product in log.products],
            [product.type for product in log.products],
        )
        neighbours = nearest_products(log, NEIGHBOURS)
        self._neighbour, self._score = neighbours.product, neighbours.score
        age = np.maximum(days(now) - log.day, 0.0)
        sales = np.bincount(log.product, weights=0.5 ** (age / POPULARITY_HALF_LIFE), minlength=len(log.products))
        self.popularity = (sales / max(float(sales.sum()), 1e-12)).astype(np.float32)
        self._once = _bought_once(log)
        return self

    def scores(self, bought: Mapping[int, float]) -> NDArray[np.float64]:
        """How much the purchases speak for each product, float (products,).

        Args:
            bought: row of the product -> weight of the purchase, 0 to 1.
        """
        scores = np.zeros(len(self.popularity))
        for row, weight in bought.items():
            scores[self._neighbour[row]] += weight * self._score[row]
        return scores

    def fresh(self, bought: Mapping[int, float]) -> NDArray[np.bool_]:
        """What is new to somebody who bought these: not the same, and no second one of what is bought once."""
        fresh = np.ones(len(self.popularity), dtype=np.bool_)
        fresh[list(bought)] = False
        owned = {self.catalogue.types[row] for row in bought if self._once[row]}
        if owned:
            fresh &= np.array([kind not in owned for kind in self.catalogue.types])
        return fresh

    def suggest(
        self, connection: Connection, customer_id: str | None, category: str | None = None
    ) -> Suggestion | None:
        """The best product for the customer; what is popular for a visitor or a customer without orders.

        Args:
            category: the customer's word for a category or a type of product; limits the suggestion to it.

        Returns:
            None when nothing fits, the word means nothing here, or the shop wants no recommendations.
        """
        if not read_policy(connection).recommendations:
            return None
        wanted = self._wanted(category)
        if customer_id is None:
            return self._first_in_stock(connection, wanted, {})
        history = self._history(connection, customer_id)
        wanted &= self.fresh(history)
        wanted[[self.catalogue.row[p] for p in declined_products(connection, customer_id) if self._knows(p)]] = False
        return self._first_in_stock(connection, wanted, {row: w for row, w in history.items() if w > 0})

    def save(self, folder: Path) -> None:
        parameters = {
            "kind": KIND,
            "version": self.version,
            "product_ids": self.catalogue.product_ids,
            "categories": self.catalogue.categories,
            "types": self.catalogue.types,
        }
        arrays = {
            "neighbour": self._neighbour,
            "score": self._score,
            "popularity": self.popularity,
            "once": self._once,
        }
        write_model(folder, parameters, arrays, self.card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadModel: nothing usable is there.
        """
        parameters, arrays = read_model(folder, KIND)
        model = cls()
        try:
            model.version = parameters["version"]
            model.catalogue = _Catalogue.of(*(parameters[key] for key in ("product_ids", "categories", "types")))
            model._neighbour, model._score = arrays["neighbour"], arrays["score"]
            model.popularity, model._once = arrays["popularity"], arrays["once"]
        except KeyError as error:
            raise BadModel(f"{folder} lacks {error} of a recommendation model. Run `rapport train`.") from error
        model.card = read_card(folder)
        return model

    def _knows(self, product_id: str) -> bool:
        return product_id in self.catalogue.row

    def _wanted(self, category: str | None) -> NDArray[np.bool_]:
        """Products of the category, or of the types, that the word means."""
        if category is None:
            return np.ones(len(self.popularity), dtype=np.bool_)
        meant = closest_category(category, sorted(set(self.catalogue.categories)))
        if meant is not None:
            return np.array([value == meant for value in self.catalogue.categories], dtype=np.bool_)
        types = _types_meant(category, sorted(set(self.catalogue.types) - {""}))
        return np.array([value in types for value in self.catalogue.types], dtype=np.bool_)

    def _history(self, connection: Connection, customer_id: str) -> dict[int, float]:
        """Weights of what the customer bought, the newest 1; 0 for what was sent back."""
        rows = connection.execute(
            select(items.c.product_id, orders.c.placed_at, order_lines.c.status)
            .select_from(
                orders.join(order_lines, order_lines.c.order_id == orders.c.order_id).join(
                    items, items.c.item_id == order_lines.c.item_id
                )
            )
            .where(orders.c.customer_id == customer_id, orders.c.status != OrderStatus.CANCELLED.value)
        ).all()
        newest = max((row.placed_at for row in rows), default=None)
        history: dict[int, float] = {}
        for row in rows:
            if newest is None or not self._knows(row.product_id):
                continue
            kept = row.status not in SENT_BACK
            weight = taste_weight((newest - row.placed_at).days) if kept else 0.0
            number = self.catalogue.row[row.product_id]
            history[number] = max(history.get(number, 0.0), weight)
        return history

    def _first_in_stock(
        self, connection: Connection, wanted: NDArray[np.bool_], bought: Mapping[int, float]
    ) -> Suggestion | None:
        scores = self.scores(bought)
        ranked = np.lexsort((-self.popularity, -scores))
        ranked = ranked[wanted[ranked]]
        for start in range(0, len(ranked), _LOOK_UP):
            candidates = [int(row) for row in ranked[start : start + _LOOK_UP]]
            there = _in_stock(connection, [self.catalogue.product_ids[row] for row in candidates])
            for row in candidates:
                if self.catalogue.product_ids[row] in there:
                    return self._suggestion(row, float(scores[row]), bought)
        return None

    def _suggestion(self, row: int, score: float, bought: Mapping[int, float]) -> Suggestion:
        product_id = self.catalogue.product_ids[row]
        if score <= 0:
            return Suggestion(product_id, float(self.popularity[row]), None)

        def speaks(own: int) -> float:
            return bought[own] * float(self._score[own][self._neighbour[own] == row].sum())

        return Suggestion(product_id, score, self.catalogue.product_ids[max(sorted(bought), key=speaks)])


def taste_weight(age_days: float) -> float:
    """What a purchase still says about taste, 0 to 1."""
    return float(0.5 ** (age_days / TASTE_HALF_LIFE))


def _types_meant(text: str, types: list[str]) -> set[str]:
    """Types that every word fits ("headphones" are in-ear and over-ear), else the closest one."""
    said = query_words(text)
    fitting = {kind for kind in types if said and all(closest_category(word, [kind]) for word in said)}
    return fitting or {closest_category(text, types) or ""} - {""}


def _bought_once(log: PurchaseLog) -> NDArray[np.bool_]:
    """Whether a product's type is one of which people buy one product only; never where it has no type."""
    types = [product.type for product in log.products]
    kinds: dict[str, dict[int, set[int]]] = {}
    for customer, product in zip(log.customer.tolist(), log.product.tolist(), strict=True):
        kinds.setdefault(types[product], {}).setdefault(customer, set()).add(product)
    second, all_of_them = _ONCE_PRIOR
    once = {
        kind: (sum(len(own) > 1 for own in buyers.values()) + second) / (len(buyers) + all_of_them) < ONCE
        for kind, buyers in kinds.items()
    }
    return np.array([bool(kind) and once.get(kind, False) for kind in types], dtype=np.bool_)


def _in_stock(connection: Connection, product_ids: list[str]) -> frozenset[str]:
    query = select(items.c.product_id).where(items.c.product_id.in_(product_ids), items.c.stock > 0).distinct()
    return frozenset(connection.execute(query).scalars())

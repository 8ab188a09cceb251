"""What to suggest: a blend of candidates from what somebody bought, descriptions for what is new, else what is popular.

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
from sqlalchemy.engine import Connection

from crm_models.errors import BadModel, BadTable
from crm_models.model_files import ModelCard, model_version, read_card, read_model, write_model
from crm_models.offers import declined_products
from crm_models.personal_fields import PersonalField, may_use
from crm_models.purchase_log import PurchaseLog, days
from crm_models.recommend.rules import Catalogue, bought_once, diverse, in_stock, read_bought
from crm_models.recommend.sequence import SequenceModel
from crm_models.shop_policy import read_policy

KIND = "recommendation"
NEIGHBOURS = 100  # kept for each product
POPULARITY_HALF_LIFE = 90.0  # days after which a sale says half as much about what is popular
_LOOK_UP = 50  # candidates whose stock is looked up at a time
_SPARE = 5  # candidates for each suggestion, for variety to choose from
_W = "sequence."  # before the names of the sequence model's arrays


@dataclass(frozen=True)
class Suggestion:
    product_id: str
    score: float  # comparable within one customer only
    because_product_id: str | None  # the purchase that speaks most for it; None: it is popular


@dataclass(frozen=True)
class Blend:
    """Weights of the candidates, chosen on validation data; what has weight 0 is left out."""

    tables: Mapping[str, float] = field(default_factory=lambda: {"item_to_item": 1.0})
    sequence: float = 0.0


class Recommender:
    """Suggests products.

    `fit` learns from a `PurchaseLog`, `scores` ranks the catalogue for what somebody bought, and `suggest` and
    `recommend` apply the shop's rules: in stock, not bought before, not declined before, recommendations allowed.
    """

    def __init__(self) -> None:
        self.version = ""
        self.card: ModelCard | None = None
        self.catalogue = Catalogue()
        self.blend = Blend()
        self.sequence: SequenceModel | None = None
        self._neighbour: NDArray[np.int32] = np.zeros((0, 0), dtype=np.int32)
        self._score: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self.popularity: NDArray[np.float32] = np.zeros(0, dtype=np.float32)  # share of recent sales
        self._once: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # of a type that is bought once
        self._type: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def fit(
        self,
        log: PurchaseLog,
        now: datetime,
        blend: Blend | None = None,
        sequence: SequenceModel | None = None,
        seed: int = 7,
    ) -> Self:
        """Learn what goes with what, and what is popular at `now`.

        Args:
            blend: weights of the candidates; item-to-item alone without it.
            sequence: trained on the same log; used where the blend gives it a weight.

        Raises:
            BadTable: the shop has no products.
        """
        from crm_models.recommend.candidates import ITEM_TO_ITEM, blend_tables, candidate_tables
        from crm_models.recommend.item_similarity import nearest_products

        if not log.products:
            raise BadTable("The shop has no products to recommend. Run `rapport seed` or `rapport import-shop`.")
        self.version = model_version(KIND, now)
        self._know(
            Catalogue.of(
                [product.product_id for product in log.products],
                [product.category for product in log.products],
                [product.type for product in log.products],
            )
        )
        self.blend = blend or Blend()
        self.sequence = sequence if self.blend.sequence > 0 else None
        if set(self.blend.tables) == {ITEM_TO_ITEM}:
            neighbours = nearest_products(log, NEIGHBOURS)
        else:
            neighbours = blend_tables(candidate_tables(log, NEIGHBOURS, seed), self.blend.tables, NEIGHBOURS)
        self._neighbour, self._score = neighbours.product, neighbours.score
        age = np.maximum(days(now) - log.day, 0.0)
        sales = np.bincount(log.product, weights=0.5 ** (age / POPULARITY_HALF_LIFE), minlength=len(log.products))
        self.popularity = (sales / max(float(sales.sum()), 1e-12)).astype(np.float32)
        self._once = bought_once(log)
        return self

    @classmethod
    def made_up(cls, count: int, blend: Blend, sequence: SequenceModel | None, rng: np.random.Generator) -> Self:
        """A model of `count` products whose neighbours are drawn at random, to measure how long serving takes."""
        model = cls()
        model._know(
            Catalogue.of([str(row) for row in range(count)], ["all"] * count, [f"t{n % 500}" for n in range(count)])
        )
        model.blend, model.sequence = blend, sequence
        model._neighbour = rng.integers(0, count, (count, NEIGHBOURS), dtype=np.int32)
        model._score = rng.random((count, NEIGHBOURS), dtype=np.float32)
        model.popularity = rng.random(count, dtype=np.float32)
        model._once = model._type % 2 == 0
        return model

    def scores(self, bought: Mapping[int, float]) -> NDArray[np.float64]:
        """How much the purchases speak for each product, float (products,).

        Args:
            bought: row of the product -> weight of the purchase, 0 to 1; oldest first.
        """
        scores = np.zeros(len(self.popularity))
        for row, weight in bought.items():
            scores[self._neighbour[row]] += weight * self._score[row]
        own = [row for row, weight in bought.items() if weight > 0]
        if self.sequence is not None and own:
            scores += self.blend.sequence * np.maximum(self.sequence.ahead(own), 0.0)
        return scores

    def score_of(self, row: int, bought: Mapping[int, float]) -> float:
        """What `scores` says about one product, without a look at the others."""
        score = sum(w * float(self._score[own][self._neighbour[own] == row].sum()) for own, w in bought.items())
        own = [each for each, weight in bought.items() if weight > 0]
        if self.sequence is not None and own:
            score += self.blend.sequence * max(float(self.sequence.ahead(own, [row])[0]), 0.0)
        return score

    def fresh(self, bought: Mapping[int, float]) -> NDArray[np.bool_]:
        """What is new to somebody who bought these: not the same, and no second one of what is bought once."""
        rows = list(bought)
        fresh = np.ones(len(self.popularity), dtype=np.bool_)
        fresh[rows] = False
        owned = np.unique(self._type[[row for row in rows if self._once[row]]])
        if len(owned):
            fresh &= ~np.isin(self._type, owned)
        return fresh

    def best(
        self, bought: Mapping[int, float], n: int, wanted: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rows of the n best products, best first, what is more popular first among equals; and their scores."""
        scores = self.scores(bought)
        return _best(scores, self.popularity, n, wanted), scores

    def suggest(
        self, connection: Connection, customer_id: str | None, category: str | None = None
    ) -> Suggestion | None:
        """The best product for the customer; what is popular for a visitor or a customer without orders.

        Args:
            category: the customer's word for a category or a type of product; limits the suggestion to it.

        Returns:
            None when nothing fits, the word means nothing here, or the shop wants no recommendations.
        """
        found = self._found(connection, customer_id, 1, category, None)
        return found[0] if found else None

    def recommend(
        self,
        connection: Connection,
        customer_id: str | None,
        n: int,
        boosts: Mapping[str, float] | None = None,
    ) -> tuple[Suggestion, ...]:
        """Up to n suggestions of different types, for the CRM and the web; of what is popular without consent.

        Args:
            boosts: category -> factor of its products' scores for this customer; 1 changes nothing, 0 leaves them to
                the end. What the gap model says about a customer's unmet interest goes in here.

        Raises:
            ValueError: a boost is negative.
        """
        for category, factor in (boosts or {}).items():
            if factor < 0:
                raise ValueError(f"The boost of {category!r} is {factor}; it must be 0 or more.")
        personal = customer_id is not None and may_use(connection, customer_id, PersonalField.PURCHASES)
        declined = declined_products(connection, customer_id) if customer_id is not None else ()
        return self._found(connection, customer_id if personal else None, n, None, boosts, declined)

    def save(self, folder: Path) -> None:
        parameters = {
            "kind": KIND,
            "version": self.version,
            "product_ids": self.catalogue.product_ids,
            "categories": self.catalogue.categories,
            "types": self.catalogue.types,
            "blend": {"tables": dict(self.blend.tables), "sequence": self.blend.sequence},
            "sequence": self.sequence and {"blocks": self.sequence.blocks, "heads": self.sequence.heads},
        }
        arrays = {
            "neighbour": self._neighbour,
            "score": self._score,
            "popularity": self.popularity,
            "once": self._once,
        }
        if self.sequence is not None:
            arrays |= {_W + name: value for name, value in self.sequence.weights.items()}
            arrays |= {"sequence_items": self.sequence.items, "sequence_tokens": self.sequence.tokens}
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
            model._know(Catalogue.of(*(parameters[key] for key in ("product_ids", "categories", "types"))))
            model._neighbour, model._score = arrays["neighbour"], arrays["score"]
            model.popularity, model._once = arrays["popularity"], arrays["once"]
            model.blend = Blend(**parameters["blend"])
            if parameters["sequence"]:
                weights = {name[len(_W) :]: value for name, value in arrays.items() if name.startswith(_W)}
                model.sequence = SequenceModel(
                    arrays["sequence_items"], arrays["sequence_tokens"], weights, **parameters["sequence"]
                )
        except (KeyError, TypeError) as error:
            raise BadModel(f"{folder} lacks {error} of a recommendation model. Run `rapport train`.") from error
        model.card = read_card(folder)
        return model

    def _know(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._type = np.unique(np.array(catalogue.types, dtype=np.str_), return_inverse=True)[1].astype(np.int64)

    def _found(
        self,
        connection: Connection,
        customer_id: str | None,
        n: int,
        category: str | None,
        boosts: Mapping[str, float] | None,
        declined: frozenset[str] | tuple[str, ...] = (),
    ) -> tuple[Suggestion, ...]:
        if n < 1 or not read_policy(connection).recommendations:
            return ()
        wanted = self.catalogue.meant(category)
        history: dict[int, float] = {}
        if customer_id is not None:
            history = read_bought(connection, customer_id, self.catalogue.row)
            wanted &= self.fresh(history)
            declined = declined_products(connection, customer_id)
        wanted[[self.catalogue.row[each] for each in declined if each in self.catalogue.row]] = False
        bought = {row: weight for row, weight in history.items() if weight > 0}
        scores = self.scores(bought)
        value = np.where(scores > 0, 1.0 + scores, self.popularity)  # whatever a purchase speaks for comes first
        if boosts:
            value = value * np.array([boosts.get(each, 1.0) for each in self.catalogue.categories])
        rows = self._available(connection, value, wanted, 1 if n == 1 else _SPARE * n)
        chosen = diverse(rows, [float(value[row]) for row in rows], self.catalogue, n)
        return tuple(self._suggestion(row, float(scores[row]), bought) for row in chosen)

    def _available(
        self, connection: Connection, value: NDArray[np.float64], wanted: NDArray[np.bool_], n: int
    ) -> list[int]:
        """The n best that are in stock; the stock is looked up for few at a time."""
        found: list[int] = []
        total, start, size = int(wanted.sum()), 0, _LOOK_UP
        while start < total and len(found) < n:
            ranked = _best(value, self.popularity, start + size, wanted)[start:]
            there = in_stock(connection, [self.catalogue.product_ids[row] for row in ranked])
            found += [int(row) for row in ranked if self.catalogue.product_ids[row] in there]
            start, size = start + size, size * 2
        return found[:n]

    def _suggestion(self, row: int, score: float, bought: Mapping[int, float]) -> Suggestion:
        product_id = self.catalogue.product_ids[row]
        if score <= 0:
            return Suggestion(product_id, float(self.popularity[row]), None)

        def without(own: int) -> float:
            return self.score_of(row, {other: weight for other, weight in bought.items() if other != own})

        because = min(sorted(bought), key=without)
        named = self.catalogue.product_ids[because] if without(because) < score else None
        return Suggestion(product_id, score, named)


def _best(
    scores: NDArray[np.float64], popularity: NDArray[np.float32], n: int, wanted: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Rows of the n best among the wanted, what is more popular first among equals."""
    scores = scores if wanted is None else np.where(wanted, scores, -np.inf)
    n = min(n, len(scores) if wanted is None else int(wanted.sum()))
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    rows = np.flatnonzero(scores >= _low_bound(scores, n))
    least = np.partition(scores[rows], len(rows) - n)[len(rows) - n]
    rows = rows[scores[rows] >= least]
    if len(rows) > 4 * n + 1000:  # many equal ones: only the more popular of them can matter
        above, equal = rows[scores[rows] > least], rows[scores[rows] == least]
        rows = np.concatenate([above, equal[np.argsort(-popularity[equal], kind="stable")[:n]]])
    found: NDArray[np.int64] = rows[np.lexsort((-popularity[rows], -scores[rows]))][:n]
    return found


def _low_bound(scores: NDArray[np.float64], n: int) -> float:
    """A score that at least n products reach, and not many more: the n-th best of the greatest of each part.

    One pass, where a partition of a large catalogue with its many zeros costs several.
    """
    parts = max(8 * n, 256)
    size = len(scores) // parts
    if size < 2:
        return float(np.partition(scores, len(scores) - n)[len(scores) - n])
    greatest = scores[: parts * size].reshape(parts, size).max(axis=1)
    return float(np.partition(greatest, parts - n)[parts - n])

"""The shop's rules for suggestions: what a customer has, what is bought once, what is there, and variety."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.order_records import OrderStatus
from crm_models.product_search import closest_category, query_words
from crm_models.purchase_log import SENT_BACK, PurchaseLog
from crm_models.tables import items, order_lines, orders

# Days after which a purchase says half as much about taste.
TASTE_HALF_LIFE = 365.0
# Types of which fewer customers than this ever bought a second product: who has a kettle wants no other.
ONCE = 0.1
_ONCE_PRIOR = (1.0, 10.0)  # second purchases and customers, so that a type few bought is not judged
# Several suggestions at once: at most so many of one type, and what a like one before it costs.
TYPE_CAP, SAME_CATEGORY = 1, 0.3


@dataclass(frozen=True)
class Catalogue:
    """The products the model knows, as rows of its arrays."""

    product_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    row: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, product_ids: Sequence[str], categories: Sequence[str], types: Sequence[str]) -> Self:
        row = {product_id: index for index, product_id in enumerate(product_ids)}
        return cls(tuple(product_ids), tuple(categories), tuple(types), row)

    def meant(self, category: str | None) -> NDArray[np.bool_]:
        """Products of the category, or of the types, that a customer's word means; all for None."""
        if category is None:
            return np.ones(len(self.product_ids), dtype=np.bool_)
        meant = closest_category(category, sorted(set(self.categories)))
        if meant is not None:
            return np.array([value == meant for value in self.categories], dtype=np.bool_)
        types = _types_meant(category, sorted(set(self.types) - {""}))
        return np.array([value in types for value in self.types], dtype=np.bool_)


def taste_weight(age_days: float) -> float:
    """What a purchase still says about taste, 0 to 1."""
    return float(0.5 ** (age_days / TASTE_HALF_LIFE))


def read_bought(connection: Connection, customer_id: str, row: Mapping[str, int]) -> dict[int, float]:
    """Rows of what the customer bought, oldest first, with their weights: the newest 1, 0 for what was sent back."""
    found = connection.execute(
        select(items.c.product_id, orders.c.placed_at, order_lines.c.status)
        .select_from(
            orders.join(order_lines, order_lines.c.order_id == orders.c.order_id).join(
                items, items.c.item_id == order_lines.c.item_id
            )
        )
        .where(orders.c.customer_id == customer_id, orders.c.status != OrderStatus.CANCELLED.value)
        .order_by(orders.c.placed_at, orders.c.order_id, order_lines.c.line_id)
    ).all()
    newest = max((line.placed_at for line in found), default=None)
    history: dict[int, float] = {}
    for line in found:
        if newest is None or line.product_id not in row:
            continue
        weight = taste_weight((newest - line.placed_at).days) if line.status not in SENT_BACK else 0.0
        number = row[line.product_id]
        history[number] = max(history.pop(number, 0.0), weight)
    return history


def bought_once(log: PurchaseLog) -> NDArray[np.bool_]:
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


def in_stock(connection: Connection, product_ids: Sequence[str]) -> frozenset[str]:
    query = select(items.c.product_id).where(items.c.product_id.in_(product_ids), items.c.stock > 0).distinct()
    return frozenset(connection.execute(query).scalars())


def diverse(rows: Sequence[int], scores: Sequence[float], catalogue: Catalogue, n: int) -> list[int]:
    """n of the rows, best first: at most TYPE_CAP of a type, and each further one of a category counts less.

    Maximal marginal relevance (Carbonell and Goldstein 1998) with the category as likeness; a product without a type
    is a type of its own. Fewer come back where the caps leave fewer.
    """
    chosen: list[int] = []
    left = dict(zip(rows, scores, strict=True))
    types: dict[str, int] = {}
    categories: dict[str, int] = {}
    while left and len(chosen) < n:
        best = max(
            left, key=lambda row: left[row] * (1 - SAME_CATEGORY) ** categories.get(catalogue.categories[row], 0)
        )
        del left[best]
        kind = catalogue.types[best]
        if kind and types.get(kind, 0) >= TYPE_CAP:
            continue
        chosen.append(best)
        types[kind] = types.get(kind, 0) + 1
        categories[catalogue.categories[best]] = categories.get(catalogue.categories[best], 0) + 1
    return chosen


def _types_meant(text: str, types: list[str]) -> set[str]:
    """Types that every word fits ("headphones" are in-ear and over-ear), else the closest one."""
    said = query_words(text)
    fitting = {kind for kind in types if said and all(closest_category(word, [kind]) for word in said)}
    return fitting or {closest_category(text, types) or ""} - {""}

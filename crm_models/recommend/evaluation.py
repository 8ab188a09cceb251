"""How good suggestions are: would the next new purchase have been among them?

Leave-last-out: of each customer the last order with a product new to them is held back, with all that came
later; the model learns from the rest and ranks the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from crm_models.purchase_log import PurchaseLog
from crm_models.recommend.model import Recommender
from crm_models.recommend.rules import taste_weight

Rank = Callable[[Mapping[int, float]], NDArray[np.float64]]  # what was bought -> score of each product


@dataclass(frozen=True)
class HeldOut:
    history: PurchaseLog
    bought: dict[int, dict[int, float]]  # customer -> rows of products with the weight of the purchase
    next_new: dict[int, frozenset[int]]  # customer -> new products of the order held back


@dataclass(frozen=True)
class HitRates:
    """Share of customers with a product of the order held back among the k best, 0 to 1."""

    customers: int
    k: int
    model: float
    popularity: float  # the same with the best sellers for everybody


def evaluate_recommender(log: PurchaseLog, k: int = 10) -> HitRates | None:
    """Fit on the histories and compare with suggesting what is popular; None without two orders of anybody."""
    held = leave_last_out(log)
    if not held.next_new:
        return None
    end = datetime(1970, 1, 1) + timedelta(days=float(held.history.day.max()))
    model = Recommender().fit(held.history, end)
    popular = model.popularity.astype(np.float64)
    return HitRates(
        customers=len(held.next_new),
        k=k,
        model=hit_rate(held, model, model.scores, k),
        popularity=hit_rate(held, model, lambda _: popular, k),
    )


def leave_last_out(log: PurchaseLog) -> HeldOut:
    """Split a log; customers whose every new product came in one order stay in the history whole."""
    keep = np.ones(len(log), dtype=np.bool_)
    next_new: dict[int, frozenset[int]] = {}
    bought: dict[int, dict[int, float]] = {}
    by_customer = np.argsort(log.customer, kind="stable")
    starts = np.flatnonzero(np.diff(log.customer[by_customer], prepend=-1))
    for rows in np.split(by_customer, starts[1:]) if len(log) else ():
        customer = log.customer[rows[0]]
        _, first = np.unique(log.product[rows], return_index=True)
        held = log.order[rows[first.max()]]
        before = rows[: int(np.argmax(log.order[rows] == held))]
        if len(before) == 0:
            continue
        keep[rows[len(before) :]] = False
        known = set(log.product[before].tolist())
        next_new[int(customer)] = frozenset(log.product[rows[log.order[rows] == held]].tolist()) - known
        newest = float(log.day[before[-1]])
        bought[int(customer)] = {int(log.product[row]): taste_weight(newest - float(log.day[row])) for row in before}
    return HeldOut(log.rows(keep), bought, next_new)


def hit_rate(held: HeldOut, model: Recommender, rank: Rank, k: int) -> float:
    """Share of customers who get one right among k; every ranking leaves out what is not new to them."""
    hits = 0
    for customer, wanted in held.next_new.items():
        bought = held.bought[customer]
        scores = np.where(model.fresh(bought), rank(bought), -1.0)
        best = np.lexsort((-model.popularity, -scores))[:k]
        hits += not wanted.isdisjoint(best.tolist())
    return hits / max(len(held.next_new), 1)

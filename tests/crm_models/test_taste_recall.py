"""Recommendations agree with the taste that made the customer's orders, which no model may read."""

from __future__ import annotations

from datetime import datetime, time

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sqlalchemy.engine import Engine
from trained_shop import truth_of

from crm_models.purchase_log import PurchaseLog
from crm_models.recommend.model import Recommender
from crm_models.recommend.rules import taste_weight
from crm_models.snapshot import ShopSnapshot
from demo.seed import DEFAULT_UNTIL

LIKED = 3  # categories of a customer
SUGGESTED = 10
FEWEST_ORDERS = 4  # of a customer of whom a taste can be known


@pytest.fixture(scope="module")
def truth(demo_shop: Engine) -> pd.DataFrame:
    return pd.read_csv(truth_of(demo_shop), index_col="customer_id")


def test_recommendations_come_from_the_categories_that_are_liked(demo_shop: Engine, truth: pd.DataFrame) -> None:
    now = datetime.combine(DEFAULT_UNTIL, time())
    log = ShopSnapshot(demo_shop, now).purchases
    model = Recommender().fit(log, now)
    popular = model.popularity.astype(np.float64)
    ours, best_sellers = [], []  # of each customer: recall of the liked categories, and share of suggestions from them
    for customer, bought in bought_of(log).items():
        tastes = truth.loc[log.customers[customer]].filter(like="taste_")
        liked = {name.removeprefix("taste_") for name in tastes.astype(float).nlargest(LIKED).index}
        fresh = model.fresh(bought)
        ours.append(met(model, np.where(fresh, model.scores(bought), -1.0), liked))
        best_sellers.append(met(model, np.where(fresh, popular, -1.0), liked))
    assert len(ours) > 200
    (recall, share), (popular_recall, popular_share) = np.mean(ours, axis=0), np.mean(best_sellers, axis=0)
    assert recall > popular_recall + 0.05
    assert share > popular_share + 0.15


def met(model: Recommender, scores: NDArray[np.float64], liked: set[str]) -> tuple[float, float]:
    """Share of the liked categories with a product among the SUGGESTED best, and share of these from a liked one."""
    best = np.lexsort((-model.popularity, -scores))[:SUGGESTED]
    found = [model.catalogue.categories[row].replace(" ", "_") for row in best]
    return len(liked.intersection(found)) / len(liked), sum(each in liked for each in found) / len(found)


def bought_of(log: PurchaseLog) -> dict[int, dict[int, float]]:
    """Of customers with FEWEST_ORDERS or more: rows of the catalogue with the weight of the purchase, oldest first."""
    found: dict[int, dict[int, float]] = {}
    for customer in np.unique(log.customer):
        rows = np.flatnonzero(log.customer == customer)
        if len(np.unique(log.order[rows])) < FEWEST_ORDERS:
            continue
        newest = float(log.day[rows[-1]])
        bought = {int(log.product[row]): taste_weight(newest - float(log.day[row])) for row in rows}
        found[int(customer)] = {product: weight for product, weight in bought.items() if weight > 0}
    return found

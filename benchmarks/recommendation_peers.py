"""Peers of `rapport bench recommendation`: item-kNN and matrix factorisation, from `implicit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.purchase_log import PurchaseLog

Scores = Callable[[Mapping[int, float]], NDArray[np.float64]]


def item_knn(log: PurchaseLog) -> Scores:
    """Cosine of the columns, the history summed; 100 neighbours."""
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=100, num_threads=1)
    model.fit(_bought(log), show_progress=False)
    near = model.similarity.tocsr()

    def scores(bought: Mapping[int, float]) -> NDArray[np.float64]:
        return np.asarray(near[list(bought)].sum(axis=0)).ravel()

    return scores


def matrix_factorisation(log: PurchaseLog, kind: str, seed: int) -> Scores:
    """ALS folds the history in; BPR takes the mean of the history's items."""
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking

    model: Any
    if kind == "als":
        model = AlternatingLeastSquares(factors=128, alpha=5.0, iterations=15, num_threads=1, random_state=seed)
    else:
        model = BayesianPersonalizedRanking(factors=64, iterations=100, num_threads=1, random_state=seed)
    bought = _bought(log)
    model.fit(bought, show_progress=False)
    items = np.asarray(model.item_factors)

    def scores(history: Mapping[int, float]) -> NDArray[np.float64]:
        rows = list(history)
        if kind == "bpr":
            return np.asarray(items @ items[rows].mean(axis=0), dtype=np.float64)
        one = np.zeros(bought.shape[1], dtype=np.float32)
        one[rows] = 1.0
        from scipy import sparse

        return np.asarray(items @ model.recalculate_user(0, sparse.csr_matrix(one)).ravel(), dtype=np.float64)

    return scores


def _bought(log: PurchaseLog) -> Any:
    from scipy import sparse

    shape = (len(log.customers), len(log.products))
    return sparse.csr_matrix((np.ones(len(log), np.float32), (log.customer, log.product)), shape=shape)

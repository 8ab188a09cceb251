"""Where suggestions come from besides shared buyers, as tables of neighbours: factors, what follows, and texts.

For training only: needs implicit, scikit-learn and FAISS, which are imported when something is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.purchase_log import PurchaseLog
from crm_models.recommend.item_similarity import Neighbours, nearest_products

ITEM_TO_ITEM, FACTORS, FOLLOWERS, TEXTS = "item_to_item", "factors", "followers", "texts"
FACTOR_COUNT, LSA_COUNT = 64, 128
REACH = 10  # purchases of a customer between which one may follow the other
BACKWARDS = 0.5  # what a pair counts for the one that was bought later


def candidate_tables(log: PurchaseLog, k: int, seed: int) -> dict[str, Neighbours]:
    """The k neighbours of every product by each way of finding them; a table's mean best score is 1."""
    found = {
        ITEM_TO_ITEM: nearest_products(log, k),
        FACTORS: factor_neighbours(log, k, seed),
        FOLLOWERS: follower_neighbours(log, k),
        TEXTS: text_neighbours([product.text for product in log.products], k, seed),
    }
    return {name: _scaled(table) for name, table in found.items()}


def factor_neighbours(log: PurchaseLog, k: int, seed: int) -> Neighbours:
    """By the cosine of item factors (Hu, Koren and Volinsky 2008, in `implicit`)."""
    from implicit.als import AlternatingLeastSquares  # type: ignore[import-untyped]
    from scipy import sparse  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    count = len(log.products)
    if len(log) == 0:
        return Neighbours(np.zeros((count, 1), np.int32), np.zeros((count, 1), np.float32))
    shape = (int(log.customer.max()) + 1, count)
    bought = sparse.csr_matrix((np.ones(len(log), np.float32), (log.customer, log.product)), shape=shape)
    with threadpool_limits(1, "blas"):  # implicit's own threads and those of BLAS would get in each other's way
        model = AlternatingLeastSquares(
            factors=min(FACTOR_COUNT, count),
            alpha=5.0,
            regularization=0.1,
            iterations=15,
            num_threads=1,
            random_state=seed,
        )
        model.fit(bought, show_progress=False)
    sold = np.bincount(log.product, minlength=count) > 0
    return nearest(np.asarray(model.item_factors) * sold[:, None], k)


def follower_neighbours(log: PurchaseLog, k: int) -> Neighbours:
    """By how often one was bought after the other, and how soon (sequential rules, Ludewig and Jannach 2018).

    A pair counts 1 / orders between them, and BACKWARDS times that the other way round; divided by the square root of
    what is sold of both, as what sells much follows everything.
    """
    from scipy import sparse

    count = len(log.products)
    rows = np.argsort(log.customer, kind="stable")
    customer, product, order = log.customer[rows], log.product[rows], log.order[rows]
    place = np.cumsum(np.concatenate([np.zeros(min(len(rows), 1), np.int64), order[1:] != order[:-1]]))
    follows = sparse.csr_matrix((count, count), dtype=np.float64)
    for reach in range(1, min(REACH, len(rows) - 1) + 1):
        here = (customer[reach:] == customer[:-reach]) & (product[reach:] != product[:-reach])
        near = 1.0 / np.maximum(place[reach:] - place[:-reach], 1)[here]
        pair = (product[:-reach][here], product[reach:][here])
        follows = follows + sparse.csr_matrix((near, pair), shape=(count, count))
    rarity = sparse.diags((np.bincount(log.product, minlength=count) + 1.0) ** -0.5)
    return _best_of((rarity @ (follows + BACKWARDS * follows.T) @ rarity).tocsr(), k)


def text_neighbours(texts: Sequence[str], k: int, seed: int) -> Neighbours:
    """By the cosine of TF-IDF vectors, reduced by latent semantic analysis where there are many words."""
    return nearest(text_vectors(texts, seed), k)


def text_vectors(texts: Sequence[str], seed: int) -> NDArray[np.float32]:
    """One vector a text, float32 (texts, at most LSA_COUNT)."""
    from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    try:
        words = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(texts)
    except ValueError:  # not one word among all products
        return np.zeros((len(texts), 1), dtype=np.float32)
    if words.shape[1] <= LSA_COUNT:
        return np.asarray(words.toarray(), dtype=np.float32)
    return np.asarray(TruncatedSVD(LSA_COUNT, random_state=seed).fit_transform(words), dtype=np.float32)


def nearest(vectors: NDArray[np.float32], k: int) -> Neighbours:
    """The k rows with the greatest positive cosine, by FAISS (Johnson, Douze and Jegou 2017); never the row itself."""
    import faiss  # type: ignore[import-untyped]

    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.ascontiguousarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
    index: Any = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    score, product = index.search(unit, min(k + 1, len(unit)))
    score = np.where((product == np.arange(len(unit))[:, None]) | (product < 0), 0.0, np.maximum(score, 0.0))
    order = np.argsort(-score, axis=1, kind="stable")[:, :k]
    return Neighbours(
        np.maximum(np.take_along_axis(product, order, axis=1), 0).astype(np.int32),
        np.take_along_axis(score, order, axis=1).astype(np.float32),
    )


def blend_tables(tables: Mapping[str, Neighbours], weights: Mapping[str, float], k: int) -> Neighbours:
    """One table in which each score is the weighted sum over the tables."""
    from scipy import sparse

    used = [(tables[name], weight) for name, weight in weights.items() if name in tables and weight > 0]
    count = len(next(iter(tables.values())).product)
    total = sparse.csr_matrix((count, count), dtype=np.float32)
    for table, weight in used:
        rows = np.repeat(np.arange(count), table.product.shape[1])
        shape = (count, count)
        total = total + sparse.csr_matrix((weight * table.score.ravel(), (rows, table.product.ravel())), shape=shape)
    return _best_of(total, k)


def _best_of(matrix: Any, k: int) -> Neighbours:
    """The k greatest of each row of a sparse matrix, best first."""
    count = matrix.shape[0]
    product, score = np.zeros((count, k), np.int32), np.zeros((count, k), np.float32)
    for row in range(count):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        best = np.argsort(-matrix.data[part], kind="stable")[:k]
        product[row, : len(best)], score[row, : len(best)] = matrix.indices[part][best], matrix.data[part][best]
    return Neighbours(product, score)


def _scaled(table: Neighbours) -> Neighbours:
    best = table.score.max(axis=1) if table.score.size else np.zeros(0)
    mean = float(best[best > 0].mean()) if (best > 0).any() else 1.0
    return Neighbours(table.product, (table.score / mean).astype(np.float32))

"""How much one product speaks for another: bought by the same people, in one basket, or described alike.

For training only: needs scipy and scikit-learn, which are imported when something is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.purchase_log import PurchaseLog

# Buyers in common that halve a cosine's damping: few in common are chance (lambda of Koren 2008, section 2.2).
SHRINKAGE = 10.0
# Buyers of the rarer product at which sales and description count the same.
SUPPORT = 10.0
# What a cosine of descriptions is worth against one of sales.
TEXT_WEIGHT = 0.5
_BLOCK = 1024  # products at a time: memory is this times the catalogue


@dataclass(frozen=True)
class Neighbours:
    """The products each product speaks for most, best first.

    Rows with fewer neighbours end in score 0.
    """

    product: NDArray[np.int32]  # (products, k)
    score: NDArray[np.float32]  # (products, k), 0 or more


def nearest_products(log: PurchaseLog, k: int) -> Neighbours:
    """The k best neighbours of every product.

    Item-to-item (Sarwar, Karypis, Konstan and Riedl 2001; Linden, Smith and York 2003): the cosine of the
    centred columns of the customer-by-product matrix, so that two best sellers are not alike by chance, plus
    the same over baskets for what is bought together; each shrunk by n / (n + SHRINKAGE) with n the buyers in
    common (Koren 2008). Of two neighbours that are equally near, the one more people want comes first. A
    product that few have bought has no history to go by: there the cosine of the TF-IDF vectors of the
    descriptions takes over.
    """
    count = len(log.products)
    k = min(k, max(count - 1, 1))
    buyers = _buyers(log)
    sales = _centred_cosine(log.customer, log.product, count) + _centred_cosine(log.order, log.product, count)
    sales = sales.multiply(_appeal(buyers)[None, :]).tocsr()
    texts = _text_vectors([product.text for product in log.products])
    product = np.zeros((count, k), dtype=np.int32)
    score = np.zeros((count, k), dtype=np.float32)
    for start in range(0, count, _BLOCK):
        rows = slice(start, min(start + _BLOCK, count))
        rarer = np.minimum(buyers[rows, None], buyers[None, :])
        trust = rarer / (rarer + SUPPORT)
        likeness = np.asarray((texts[rows] @ texts.T).todense())
        blended = trust * sales[rows].toarray() + (1 - trust) * TEXT_WEIGHT * likeness
        blended[np.arange(rows.stop - start), np.arange(start, rows.stop)] = 0.0
        best = np.argsort(-blended, axis=1, kind="stable")[:, :k]
        product[rows] = best
        score[rows] = np.take_along_axis(blended, best, axis=1)
    return Neighbours(product, score)


def _buyers(log: PurchaseLog) -> NDArray[np.float64]:
    """Customers of each product, float (products,)."""
    pairs = np.unique(np.stack([log.customer, log.product]), axis=1)
    return np.bincount(pairs[1], minlength=len(log.products)).astype(np.float64)


def _appeal(buyers: NDArray[np.float64]) -> NDArray[np.float64]:
    """A mild factor for how many want a product, 0 for none, about 1 for the average."""
    return np.asarray(np.sqrt(np.log1p(buyers / max(float(buyers.mean()), 1e-12))))


def _centred_cosine(group: NDArray[np.int64], product: NDArray[np.int64], count: int) -> Any:
    """Shrunk correlation of the columns of a group-by-product matrix of zeros and ones, where positive.

    Sparse (count, count). For columns of zeros and ones the correlation is the phi coefficient,
    (n_ij / N - p_i p_j) / sqrt(p_i (1 - p_i) p_j (1 - p_j)).
    """
    from scipy import sparse  # type: ignore[import-untyped]

    groups = len(np.unique(group))
    shape = (int(group.max()) + 1 if groups else 1, count)
    bought = sparse.csr_matrix((np.ones(len(product)), (group, product)), shape=shape)
    bought.data[:] = 1.0  # duplicates were added up
    common = (bought.T @ bought).tocoo()
    share = np.asarray(bought.sum(axis=0)).ravel() / max(groups, 1)
    spread = np.sqrt(share * (1 - share))
    above_chance = common.data / max(groups, 1) - share[common.row] * share[common.col]
    near = above_chance / np.maximum(spread[common.row] * spread[common.col], 1e-12)
    data = np.maximum(near, 0.0) * common.data / (common.data + SHRINKAGE)
    return sparse.csr_matrix((data, (common.row, common.col)), shape=(count, count))


def _text_vectors(texts: Sequence[str]) -> Any:
    """TF-IDF vectors of length 1; sparse (texts, words)."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    try:
        return TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(texts)
    except ValueError:  # not one word among all products
        return sparse.csr_matrix((len(texts), 1))

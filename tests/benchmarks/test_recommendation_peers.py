"""The recommenders that ours is compared with do what they are named after; a quick run leaves them something to do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.recommendation import Beauty, _fewer, ndcg_and_recall, purchase_log, weighted
from benchmarks.recommendation_peers import item_knn, matrix_factorisation

pytest.importorskip("implicit")
GROUPS, SIZE = 4, 12


@pytest.fixture(scope="module")
def sequences() -> list[NDArray[np.int64]]:
    """Customers who buy within one of four groups of items."""
    random = np.random.default_rng(3)
    return [(number % GROUPS) * SIZE + random.choice(SIZE, 7, replace=False).astype(np.int64) for number in range(160)]


def test_item_knn_is_the_sum_of_cosines(sequences: list[NDArray[np.int64]]) -> None:
    log = purchase_log(sequences, [""] * GROUPS * SIZE)
    bought = np.zeros((len(sequences), GROUPS * SIZE))
    bought[log.customer, log.product] = 1.0
    length = np.sqrt((bought**2).sum(axis=0))
    cosine = bought.T @ bought / np.outer(length, length)
    history = weighted(sequences[0][:3])
    assert item_knn(log)(history) == pytest.approx(cosine[list(history)].sum(axis=0), abs=1e-5)


@pytest.mark.parametrize("name", ["item-kNN", "als", "bpr"])
def test_peers_find_what_the_group_buys(sequences: list[NDArray[np.int64]], name: str) -> None:
    log = purchase_log([each[:-1] for each in sequences], [""] * GROUPS * SIZE)
    scores = item_knn(log) if name == "item-kNN" else matrix_factorisation(log, name, 7)
    _, recall = ndcg_and_recall(scores, [each[:-1] for each in sequences], [int(each[-1]) for each in sequences])
    assert recall > 0.4, "10 of the 42 items that are new to a customer hold the right one in 24 of 100"


def test_a_quick_run_keeps_customers_who_share_items(sequences: list[NDArray[np.int64]]) -> None:
    alone = [np.arange(5, dtype=np.int64) + GROUPS * SIZE + 5 * number for number in range(200)]
    count = GROUPS * SIZE + 5 * len(alone)
    few = _fewer(Beauty([*alone, *sequences], [str(item) for item in range(count)]), 100)
    assert len(few.sequences) == 100 and len(few.texts) <= GROUPS * SIZE
    back = [[int(few.texts[item]) for item in each] for each in few.sequences]
    assert all(each in [list(own) for own in sequences] for each in back), "items keep their texts and their order"

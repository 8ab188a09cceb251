"""The measures against a table worked out by hand."""

import math

import pytest

from knowledge.evaluate import auroc, mrr, ndcg_at_k, recall_at_k

# Three questions: relevant at ranks 1 and 3; at rank 2; not found.
RANKINGS = [["a", "b", "c", "d"], ["x", "y", "z"], ["p", "q"]]
RELEVANT = [{"a", "c"}, {"y"}, {"w"}]


@pytest.mark.parametrize(
    ("k", "recall", "ndcg"),
    [
        (1, (1 / 2 + 0 + 0) / 3, (1 + 0 + 0) / 3),
        (2, (1 / 2 + 1 + 0) / 3, (1 / (1 + 1 / math.log2(3)) + 1 / math.log2(3) + 0) / 3),
        (3, (1 + 1 + 0) / 3, (1.5 / (1 + 1 / math.log2(3)) + 1 / math.log2(3) + 0) / 3),
        (10, (1 + 1 + 0) / 3, (1.5 / (1 + 1 / math.log2(3)) + 1 / math.log2(3) + 0) / 3),
    ],
)
def test_recall_and_ndcg(k: int, recall: float, ndcg: float) -> None:
    assert recall_at_k(RANKINGS, RELEVANT, k) == pytest.approx(recall)
    assert ndcg_at_k(RANKINGS, RELEVANT, k) == pytest.approx(ndcg)


def test_mrr() -> None:
    assert mrr(RANKINGS, RELEVANT) == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_auroc() -> None:
    # Pairs won: (.9 over .8, .3, .3), (.8 ties .8, over .3, .3), (.1 none) of nine.
    assert auroc([0.9, 0.8, 0.1, 0.8, 0.3, 0.3], [True, True, True, False, False, False]) == pytest.approx(
        (3 + 2.5 + 0) / 9
    )


@pytest.mark.parametrize(
    ("rankings", "relevant", "message"),
    [
        ([], [], "no questions"),
        ([["a"]], [], "relevant ids for 0"),
        ([["a"]], [set()], "question 0 has nothing relevant"),
        ([["a", "a"]], [{"a"}], "more than once"),
    ],
)
def test_impossible_input_is_refused(rankings: list, relevant: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mrr(rankings, relevant)


def test_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, not 0"):
        recall_at_k(RANKINGS, RELEVANT, 0)

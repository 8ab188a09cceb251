"""How well a ranking puts what is relevant first.

Every function takes rankings, the ids each question found with the best first, and for each question the
ids that are relevant; it returns the mean over the questions, in [0, 1]. Relevance is binary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

Rankings = Sequence[Sequence[str]]
Relevant = Sequence[Collection[str]]


def recall_at_k(rankings: Rankings, relevant: Relevant, k: int) -> float:
    """Share of what is relevant among the first `k`: |relevant in top k| / |relevant|.

    Manning, Raghavan & Schuetze (2008), "Introduction to Information Retrieval", section 8.4.
    """
    _check_k(k)
    return _mean(rankings, relevant, lambda found, wanted: len(wanted.intersection(found[:k])) / len(wanted))


def ndcg_at_k(rankings: Rankings, relevant: Relevant, k: int) -> float:
    """Discounted cumulative gain over the best possible: DCG@k = sum of rel_i / log2(i + 1), i from 1.

    Jarvelin & Kekalainen (2002), "Cumulated gain-based evaluation of IR techniques", with the discount
    of Burges et al. (2005), which for binary relevance is the common one.
    """
    _check_k(k)

    def ndcg(found: Sequence[str], wanted: frozenset[str]) -> float:
        gain = sum(1 / math.log2(rank + 1) for rank, name in enumerate(found[:k], 1) if name in wanted)
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(wanted)) + 1))
        return gain / ideal

    return _mean(rankings, relevant, ndcg)


def mrr(rankings: Rankings, relevant: Relevant) -> float:
    """Mean of 1 / rank of the first relevant one, 0 where none was found.

    Voorhees (1999), "The TREC-8 Question Answering Track Report", section 3.
    """

    def reciprocal_rank(found: Sequence[str], wanted: frozenset[str]) -> float:
        return next((1 / rank for rank, name in enumerate(found, 1) if name in wanted), 0.0)

    return _mean(rankings, relevant, reciprocal_rank)


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Probability that a positive scores above a negative, ties counting half.

    The Mann-Whitney statistic; Hanley & McNeil (1982), "The meaning and use of the area under a ROC curve".
    """
    positive = [score for score, label in zip(scores, labels, strict=True) if label]
    negative = [score for score, label in zip(scores, labels, strict=True) if not label]
    if not positive or not negative:
        raise ValueError("the AUROC needs at least one positive and one negative")
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))


def _mean(rankings: Rankings, relevant: Relevant, measure: Callable[[Sequence[str], frozenset[str]], float]) -> float:
    if len(rankings) != len(relevant):
        raise ValueError(f"{len(rankings)} rankings, but relevant ids for {len(relevant)} questions")
    if not rankings:
        raise ValueError("there are no questions to measure")
    values = []
    for number, (found, wanted) in enumerate(zip(rankings, relevant, strict=True)):
        if not wanted:
            raise ValueError(f"question {number} has nothing relevant; leave it out of this measure")
        if len(set(found)) != len(found):
            raise ValueError(f"question {number} found an id more than once")
        values.append(measure(found, frozenset(wanted)))
    return sum(values) / len(values)


def _check_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")

"""The probability that what was found answers the question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.hits import Hit, best_of_others

FEATURES = ("score", "dense", "support", "lexical", "lead")
# Other articles with whose mean the first hit's score is compared: as many as a message keeps.
_FOLLOWERS = 3
# Of the squared weights, against the whole loss: features say nearly the same, and examples are few.
_PENALTY = 0.1


@dataclass(frozen=True, slots=True)
class Answerability:
    """p = 1 / (1 + exp(-(bias + weights . features))), of the first hit; see `features_of`.

    Platt (1999), "Probabilistic outputs for support vector machines". No weight is negative: nothing that
    speaks for the passage may speak against the answer.
    """

    bias: float
    weights: tuple[float, ...]

    def probability(self, hits: Sequence[Hit]) -> float:
        """Between 0 and 1; 0 where nothing was found."""
        if not hits:
            return 0.0
        logit = self.bias + float(np.dot(self.weights, features_of(hits)))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class BothWays:
    """For searches by meaning and words, and for those by words alone."""

    by_meaning: Answerability
    by_words: Answerability

    def probability(self, hits: Sequence[Hit]) -> float:
        """That the first of `hits`, in the order of the search, answers the question."""
        by_meaning = any(hit.dense > 0 for hit in hits)
        return (self.by_meaning if by_meaning else self.by_words).probability(hits)


def features_of(hits: Sequence[Hit]) -> NDArray[np.float64]:
    """float64 (features,): the first hit's scores, and its lead over the other articles. An only one leads by all."""
    first, followers = hits[0], best_of_others(hits)[:_FOLLOWERS]
    after = sum(hit.own_score for hit in followers) / len(followers) if followers else 0.0
    return np.array([first.own_score, first.dense, first.support, first.lexical, first.own_score - after])


# What `knowledge.tune.fit` gives on tests/behaviour/demo_questions_to_learn_from.yml with the encoder trained for the
# demo shop and the weight of the settings.
SHIPPED = BothWays(
    by_meaning=Answerability(bias=-5.32, weights=(8.06, 0.0, 0.0, 0.0, 10.88)),
    by_words=Answerability(bias=-2.41, weights=(1.47, 0.0, 0.0, 1.19, 7.42)),
)


def fit_answerability(
    features: NDArray[np.float64], answered: Sequence[bool], weights: Sequence[float]
) -> Answerability:
    """Learn from questions: `features` (questions, FEATURES), whether the first hit answers, the question's weight.

    Weighted log-loss with Platt's targets, (n+ + 1) / (n+ + 2) and 1 / (n- + 2), which keep few examples from
    giving certainty, by L-BFGS-B (Byrd, Lu, Nocedal & Zhu, 1995). Raises ValueError unless both outcomes occur.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    weight = np.asarray(weights, dtype=np.float64)
    positive = np.asarray(answered, dtype=np.bool_)
    if not positive.any() or positive.all():
        raise ValueError("fitting needs questions that are answered and questions that are not")
    yes, no = float(weight[positive].sum()), float(weight[~positive].sum())
    target = np.where(positive, (yes + 1) / (yes + 2), 1 / (no + 2))
    share, penalty = weight / weight.sum(), _PENALTY / weight.sum()

    def loss(guess: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = guess[0] + features @ guess[1:]
        error = share * (1 / (1 + np.exp(-np.clip(logit, -30, 30))) - target)
        value = share @ (np.logaddexp(0.0, logit) - target * logit) + penalty / 2 * guess[1:] @ guess[1:]
        return float(value), np.append(error.sum(), features.T @ error + penalty * guess[1:])

    start = np.zeros(1 + features.shape[1])
    bounds = [(None, None), *[(0.0, None)] * features.shape[1]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000})
    bias, *learned = (float(value) for value in found.x)
    return Answerability(bias, tuple(learned))

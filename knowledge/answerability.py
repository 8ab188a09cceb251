"""The probability that what was found answers the question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.hits import Hit

_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class Answerability:
    """p = 1 / (1 + exp(-(bias + weight * score))), with the score of the first hit.

    Platt (1999), "Probabilistic outputs for support vector machines". Cosine of the passage, of its best
    sentence and of the title, and the coverage of the question's words, are in that score already. On the
    development half of the demo shop's questions each of them beside it, and the lead over the next
    article, ordered the other half no better (AUROC .70 to .74, the score alone .73) and gave the
    coverage of words a negative weight.
    """

    bias: float
    weight: float

    def probability(self, hits: Sequence[Hit]) -> float:
        """Between 0 and 1; 0 where nothing was found."""
        if not hits:
            return 0.0
        logit = self.bias + self.weight * hits[0].score
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


# What `python -m knowledge.tune` gives on tests/behaviour/demo_questions.yml with the default encoder.
BY_MEANING = Answerability(bias=-2.93, weight=6.78)
# The same where the search went by words alone, and scores are shares of the words covered.
BY_WORDS = Answerability(bias=-3.42, weight=8.68)


def answerable_probability(hits: Sequence[Hit]) -> float:
    """The probability that the first of `hits`, in the order of the search, answers the question."""
    by_meaning = any(hit.dense > 0 for hit in hits)
    return (BY_MEANING if by_meaning else BY_WORDS).probability(hits)


def fit_answerability(scores: Sequence[float], answered: Sequence[bool], weights: Sequence[float]) -> Answerability:
    """Learn from questions: the score of the first hit, whether it answers, and the question's weight.

    Newton's method on the weighted log likelihood with Platt's targets, (n+ + 1) / (n+ + 2) and
    1 / (n- + 2), which keep few examples from giving certainty. Raises ValueError unless both outcomes occur.
    """
    x, weight = np.asarray(scores, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    positive = np.asarray(answered, dtype=np.bool_)
    if not positive.any() or positive.all():
        raise ValueError("fitting needs questions that are answered and questions that are not")
    yes, no = float(weight[positive].sum()), float(weight[~positive].sum())
    target = np.where(positive, (yes + 1) / (yes + 2), 1 / (no + 2))
    design = np.stack([np.ones_like(x), x], axis=1)
    solution = np.zeros(2)
    for _ in range(_ITERATIONS):
        p = 1 / (1 + np.exp(-design @ solution))
        gradient = design.T @ (weight * (target - p))
        # The small ridge keeps a step finite when all scores are nearly equal.
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        solution = solution + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return Answerability(bias=float(solution[0]), weight=float(solution[1]))

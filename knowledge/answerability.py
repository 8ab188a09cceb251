"""The probability that what was found answers the question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.hits import Hit

FEATURES = ("dense", "support", "lexical", "margin")
# Hits against which the best one's margin is taken.
_RIVALS = 5


@dataclass(frozen=True, slots=True)
class Answerability:
    """Logistic regression over `features`: p = 1 / (1 + exp(-(bias + weights . features))).

    `tune.fit_answerability` learns the numbers; those below are what it gives for the demo shop's questions
    of the development half with the default encoder.
    """

    bias: float
    weights: tuple[float, ...]

    def probability(self, hits: Sequence[Hit]) -> float:
        """Between 0 and 1; 0 where nothing was found."""
        if not hits:
            return 0.0
        values = zip(self.weights, features(hits), strict=True)
        logit = self.bias + sum(weight * value for weight, value in values)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def features(hits: Sequence[Hit]) -> tuple[float, ...]:
    """`FEATURES` of a search's hits, the best first; there must be one at least.

    dense: highest cosine of a passage; support: highest cosine of a sentence of the first three passages;
    lexical: highest share of the question's words covered; margin: score of the first above the mean of
    the next ones from other documents, which a question about nothing in particular does not have.
    """
    rivals = [hit.score for hit in hits[1:] if hit.document_id != hits[0].document_id][:_RIVALS]
    return (
        max(hit.dense for hit in hits),
        max(hit.support for hit in hits[:3]),
        max(hit.lexical for hit in hits[:3]),
        hits[0].score - float(np.mean(rivals)) if rivals else 0.0,
    )


# See benchmarks of the demo shop; by words alone the encoder's two features are 0 and `LEXICAL` is used.
HYBRID = Answerability(bias=-6.0, weights=(4.0, 5.0, 3.0, 3.0))
LEXICAL = Answerability(bias=-3.0, weights=(0.0, 0.0, 7.0, 1.0))


def answerable_probability(hits: Sequence[Hit]) -> float:
    """The probability by the model that fits how the hits were found."""
    by_meaning = any(hit.dense > 0 for hit in hits)
    return (HYBRID if by_meaning else LEXICAL).probability(hits)

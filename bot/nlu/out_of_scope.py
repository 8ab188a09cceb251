"""How foreign a message is: whether it is unlike everything the bot knows, so that its likeliest intent means nothing.

Three signals, each in standard deviations of messages in scope:

* distance: 1 - cosine of the embedding to the k-th nearest known example (Sun, Ming, Zhu, Li: Out-of-Distribution
  Detection with Deep Nearest Neighbors, ICML 2022)
* spread: Mahalanobis distance to the nearest mean of an intent, one covariance for all (Lee, Lee, Lee, Shin: A Simple
  Unified Framework for Detecting Out-of-Distribution Samples, NeurIPS 2018, equation 2)
* energy: -log sum exp of the logits of the intents in scope (Liu, Wang, Owens, Li: Energy-based Out-of-distribution
  Detection, NeurIPS 2020, equation 4)

The classifier's certainty is none of them: a question about the weather has a very certain nearest intent. Without
examples out of scope the signals are summed; with some, a logistic regression weighs them and the classifier's own
probability of `out_of_scope`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Examples compared with each message; more take longer to read from memory than the encoder's pass.
MOST_EXAMPLES = 4_000
# The k of the distance: the nearest one alone may be a mislabelled one. Where intents have few examples, less.
_NEIGHBOURS, _EXAMPLES_A_NEIGHBOUR = 5, 4
# Directions kept of the covariance, those of the largest variance; the rest are noise of too few examples.
MOST_DIRECTIONS = 128
_SHRINKAGE = 0.1
# Fewer examples out of scope teach no weights.
FEWEST_FOREIGN = 10


@dataclass(frozen=True)
class KnownGround:
    """What the in-scope examples look like. Rows are examples, float32."""

    examples: np.ndarray
    """(examples, width): embeddings, length 1."""
    whitening: np.ndarray
    """(dimensions, directions): turns a vector into one whose distances are Mahalanobis."""
    means: np.ndarray
    """(intents, directions): the whitened mean of each intent in scope."""
    neighbours: int
    """The k of the distance."""

    def signals(
        self, vectors: np.ndarray, embeddings: np.ndarray, logits: np.ndarray, foreign: int | None
    ) -> np.ndarray:
        """float64 (n, 4): distance, spread, energy, log odds of the class out of scope (0 without one).

        `vectors` (n, dimensions) are what the classifier reads, `logits` (n, intents) what it says, `foreign` the
        column of the class out of scope.
        """
        likeness = embeddings @ self.examples.T
        near = 1.0 - np.partition(likeness, -self.neighbours, axis=1)[:, -self.neighbours]
        white = vectors @ self.whitening
        squares = (white**2).sum(1)[:, None] - 2 * white @ self.means.T + (self.means**2).sum(1)[None, :]
        spread = np.sqrt(np.maximum(squares.min(axis=1), 0.0))
        inside = logits if foreign is None else np.delete(logits, foreign, axis=1)
        together = _log_sum_exp(inside)
        odds = np.zeros(len(logits)) if foreign is None else logits[:, foreign] - together
        return np.stack([near, spread, -together, odds], axis=1).astype(np.float64)


@dataclass(frozen=True)
class ForeignScore:
    """Weighs the signals. The score is 0 for an average message in scope and grows with foreignness."""

    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    """float64 (4,) each"""
    limit: float
    """Above it a message is refused."""

    def of(self, signals: np.ndarray) -> np.ndarray:
        """float64 (n,) for signals (n, 4)."""
        return np.asarray((signals - self.centre) / self.scale @ self.weights)


def learn_ground(vectors: np.ndarray, embeddings: np.ndarray, labels: Sequence[str], seed: int) -> KnownGround:
    """From the in-scope examples that the classifier learned."""
    names, numbers, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    means = np.stack([vectors[numbers == number].mean(axis=0) for number in range(len(names))])
    rest = (vectors - means[numbers]).astype(np.float64)
    covariance = rest.T @ rest / len(rest)
    # Towards the mean variance: with fewer examples than dimensions it could not be inverted.
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance)) + 1e-9
    values, directions = np.linalg.eigh(covariance)
    whitening = (directions / np.sqrt(values)).astype(np.float32)[:, -MOST_DIRECTIONS:]
    kept = np.random.default_rng(seed).permutation(len(embeddings))[:MOST_EXAMPLES]
    share = len(kept) / len(embeddings)
    neighbours = int(np.clip(share * np.median(counts) // _EXAMPLES_A_NEIGHBOUR, 1, _NEIGHBOURS))
    return KnownGround(
        np.ascontiguousarray(embeddings[kept]), whitening, means.astype(np.float32) @ whitening, neighbours
    )


def learn_score(inside: np.ndarray, outside: np.ndarray, refused_share: float) -> ForeignScore:
    """From the signals (n, 4) of held-out messages in scope and out of it (may be none).

    The limit is the score that all but `refused_share` of those in scope stay below.
    """
    if not 0 <= refused_share < 1:
        raise ValueError(f"The refused share must lie in [0, 1), not {refused_share}.")
    centre, scale = inside.mean(axis=0), inside.std(axis=0) + 1e-9
    weights = np.array([1.0, 1.0, 1.0, 0.0])
    if len(outside) >= FEWEST_FOREIGN:
        weights = _learn_weights((inside - centre) / scale, (outside - centre) / scale)
    score = ForeignScore(centre, scale, weights, 0.0)
    # A thousandth of a standard deviation more: rounding in 32 bits shall refuse nobody.
    limit = float(np.quantile(score.of(inside), 1.0 - refused_share, method="higher")) + 1e-3
    return ForeignScore(centre, scale, weights, limit)


def _learn_weights(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([inside, outside])
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    found = LogisticRegression(C=0.1, class_weight="balanced").fit(rows, truth).coef_[0]
    # Each signal grows with foreignness; a negative weight is the noise of few examples.
    weights: np.ndarray = np.maximum(found, 0.0)
    return weights if weights.any() else np.array([1.0, 1.0, 1.0, 0.0])


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    largest = values.max(axis=1, keepdims=True)
    total: np.ndarray = largest[:, 0] + np.log(np.exp(values - largest).sum(axis=1))
    return total

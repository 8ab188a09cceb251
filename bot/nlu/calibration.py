"""From the scores of a classifier to probabilities that hold, and to sets that contain the truth as often as asked.

Everything is fitted on examples that the classifier has not learned from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Bounds of the temperature: outside them the held-out examples are too few, or all right, to tell.
_LOWEST, _HIGHEST = 0.05, 20.0


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities float64 of the last axis."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    exponential = np.exp(scaled)
    return exponential / exponential.sum(axis=-1, keepdims=True)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The T that makes softmax(logits / T) most likely on held-out rows.

    logits: float (n, classes); targets: int (n,).
    Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(targets))

    def surprise(log_temperature: float) -> float:
        probabilities = softmax(logits, math.exp(log_temperature))
        return float(-np.log(np.maximum(probabilities[rows, targets], 1e-12)).mean())

    bounds = (math.log(_LOWEST), math.log(_HIGHEST))
    return math.exp(float(minimize_scalar(surprise, bounds=bounds, method="bounded").x))


def least_probability(probabilities: np.ndarray, targets: np.ndarray, coverage: float) -> float:
    """How probable a class must at least be to belong to the set of a message.

    The set of all classes at or above it contains the true one for a new message with probability `coverage` or
    more, whatever the classifier is worth, when messages are drawn as the n held-out ones were: it is one minus the
    k-th smallest of 1 - p(true class), k = ceil((n + 1) * coverage).
    Sadinle, Lei, Wasserman: Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, JASA 2019, section 3;
    among the sets of that coverage these are the smallest on average.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"The coverage must lie between 0 and 1, not {coverage}.")
    scores = np.sort(1.0 - probabilities[np.arange(len(targets)), targets])
    rank = math.ceil((len(scores) + 1) * coverage)
    return 0.0 if rank > len(scores) else float(1.0 - scores[rank - 1])


def prediction_sets(probabilities: np.ndarray, least: float) -> np.ndarray:
    """bool (n, classes): who belongs to the set. The most probable class always does: an empty set helps nobody."""
    members = probabilities >= least
    members[np.arange(len(members)), probabilities.argmax(axis=1)] = True
    return members


@dataclass(frozen=True)
class Coverage:
    """How sets fitted on some held-out rows do on the others."""

    accuracy: float
    coverage: float
    mean_size: float
    expected_calibration_error: float


def cross_check(logits: np.ndarray, targets: np.ndarray, coverage: float, folds: int, seed: int) -> Coverage:
    """Fits temperature and sets on all folds but one and looks at that one, in turn."""
    fold = np.random.default_rng(seed).permutation(len(targets)) % folds
    probabilities = np.empty(logits.shape)
    members = np.zeros(logits.shape, dtype=bool)
    for number in range(folds):
        fit, look = fold != number, fold == number
        temperature = fit_temperature(logits[fit], targets[fit])
        least = least_probability(softmax(logits[fit], temperature), targets[fit], coverage)
        probabilities[look] = softmax(logits[look], temperature)
        members[look] = prediction_sets(probabilities[look], least)
    rows = np.arange(len(targets))
    right = probabilities.argmax(axis=1) == targets
    return Coverage(
        accuracy=float(right.mean()),
        coverage=float(members[rows, targets].mean()),
        mean_size=float(members.sum(axis=1).mean()),
        expected_calibration_error=calibration_error(probabilities.max(axis=1), right),
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean distance of confidence and share of right answers over equal bins, weighted (Guo et al., equation 3)."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)

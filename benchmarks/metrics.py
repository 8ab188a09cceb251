"""The figures of the understanding suites, from predictions alone. Shares are of 1.

`foreign` scores: higher means more likely out of scope. Out of scope is the positive class unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def accuracy(predicted: Sequence[str | None], truth: Sequence[str]) -> float:
    """Share of right predictions; None is never right."""
    return float(np.mean([found == true for found, true in zip(predicted, truth, strict=True)]))


def coverage(sets: Sequence[Sequence[str]], truth: Sequence[str]) -> float:
    """Share of messages whose prediction set holds the true label."""
    return float(np.mean([true in found for found, true in zip(sets, truth, strict=True)]))


def mean_size(sets: Sequence[Sequence[str]]) -> float:
    """Labels in a prediction set, on average."""
    return float(np.mean([len(found) for found in sets]))


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width.

    Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017, equation 3, with M = 15.
    """
    sure, hit = np.asarray(confidence, float), np.asarray(right, float)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        (place == number).mean() * abs(sure[place == number].mean() - hit[place == number].mean())
        for number in np.unique(place)
    ]
    return float(sum(gaps))


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Chance that a foreign message scores higher than one in scope; ties count half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(*_truth_and_scores(inside, outside)))


def aupr(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Area under precision and recall of finding the foreign (average precision)."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(*_truth_and_scores(inside, outside)))


def fpr_at_95_tpr(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Share of the foreign that pass when the threshold lets 95 % of the messages in scope pass.

    In scope is the positive class here, as in Hendrycks and Gimpel's line of work (Liang et al., ODIN, ICLR 2018).
    """
    # The least threshold at or below which 95 % of the messages in scope lie.
    threshold = np.quantile(np.asarray(inside, float), 0.95, method="higher")
    return float((np.asarray(outside, float) <= threshold).mean())


@dataclass(frozen=True)
class Refusal:
    """A threshold and what it does. `accuracy`: share in scope that is passed and right; `recall`: share of the
    foreign that is refused.
    """

    threshold: float
    accuracy: float
    recall: float


def threshold_keeping(accuracy: float, inside: Sequence[float], right: Sequence[bool]) -> float | None:
    """The strictest threshold (messages with a higher score are refused) at which `accuracy` of all messages in scope
    are still passed and right; None when they are not even without any refusal.

    inside: foreign scores of messages in scope; right: whether the likeliest label of each is the true one.
    """
    good = np.sort(np.asarray(inside, float)[np.asarray(right, bool)])
    # So many must pass; a hair is taken off, for shares like 0.96 that have no exact binary form.
    needed = int(np.ceil(accuracy * len(inside) - 1e-9))
    if needed > len(good):
        return None
    return float(good[needed - 1]) if needed > 0 else -np.inf


def refusal(threshold: float, inside: Sequence[float], right: Sequence[bool], outside: Sequence[float]) -> Refusal:
    """What a threshold, chosen elsewhere, does on these messages."""
    passed = np.asarray(inside, float) <= threshold
    return Refusal(
        threshold,
        accuracy=float((passed & np.asarray(right, bool)).mean()),
        recall=float((np.asarray(outside, float) > threshold).mean()),
    )


def _truth_and_scores(inside: Sequence[float], outside: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    truth = np.concatenate([np.zeros(len(inside)), np.ones(len(outside))])
    return truth, np.concatenate([np.asarray(inside, float), np.asarray(outside, float)])

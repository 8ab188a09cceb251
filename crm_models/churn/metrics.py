"""How good probabilities are: ranking, calibration, and the threshold of a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.encoding import Floats

_BINS = 10
_RESAMPLES = 200  # for an interval


def scores_of(chance: Floats, left: NDArray[np.bool_], weight: Floats | None = None) -> dict[str, float]:
    """AUC, PR-AUC (average precision), ECE and log-loss of probabilities, each (rows,).

    Args:
        weight: what each row counts for, 1 by default.
    """
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score  # type: ignore[import-untyped]

    return {
        "auc": float(roc_auc_score(left, chance, sample_weight=weight)),
        "pr_auc": float(average_precision_score(left, chance, sample_weight=weight)),
        "ece": calibration_error(chance, left, weight=weight),
        "log_loss": float(log_loss(left, np.clip(chance, 1e-9, 1 - 1e-9), sample_weight=weight)),
    }


def calibration_error(
    chance: Floats, left: NDArray[np.bool_], bins: int = _BINS, weight: Floats | None = None
) -> float:
    """Expected calibration error (Naeini, Cooper & Hauskrecht 2015): |share that left - mean chance| in bins of equal
    width, weighted by their rows."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    weight = np.ones(len(chance)) if weight is None else weight
    gaps = np.bincount(place, weights=(left - chance) * weight, minlength=bins)
    return float(np.abs(gaps).sum() / weight.sum())


def auc_interval(chance: Floats, left: NDArray[np.bool_], seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap over customers (Efron 1979)."""
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(seed)
    values = []
    for _ in range(_RESAMPLES):
        drawn = random.integers(len(left), size=len(left))
        if 0 < left[drawn].sum() < len(left):
            values.append(roc_auc_score(left[drawn], chance[drawn]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def best_threshold(chance: Floats, left: NDArray[np.bool_]) -> float:
    """Where sensitivity + specificity - 1 is greatest (Youden 1950).

    The middle of all levels that are worse by no more than a standard error: of few customers the very best one is
    luck, and another hour of scoring would have another. Half-way to the next lower score, so that no customer stands
    on the edge by a rounding error.
    """
    chance = chance.round(9)
    levels = np.unique(chance)[::-1]
    gone, stayed = max(int(left.sum()), 1), max(int((~left).sum()), 1)
    missed = np.searchsorted(np.sort(chance[left]), levels) / gone
    spared = np.searchsorted(np.sort(chance[~left]), levels) / stayed
    worth = spared - missed
    top = int(np.argmax(worth))
    error = float(np.sqrt(missed[top] * (1 - missed[top]) / gone + spared[top] * (1 - spared[top]) / stayed))
    good = np.flatnonzero(worth >= worth[top] - error)
    best = int(good[(len(good) - 1) // 2])
    lower = levels[best + 1] if best + 1 < len(levels) else 0.0
    return float((levels[best] + lower) / 2)

"""What is served: the average of a few learners that err differently, weighted by how far their Qini can be trusted.

On held-out customers the Qini of one learner differs from that of another mostly by chance: with 10,000 customers the
standard error of such a difference is as large as all real differences. Serving the learner with the best figure is
then a draw by lot. An average keeps what the learners agree on; its weights are equal where the figures cannot tell the
learners apart, and move to the better ones where they can, as Akaike weights do (Buckland, Burnham and Augustin 1997).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crm_models.uplift.heads import Effect, Floats
from crm_models.uplift.learners import CANDIDATES, Learner
from crm_models.uplift.qini import Trial, qini

PARTS = ("t_logistic", "s_logistic", "t_additive", "t_boosted")
_RESAMPLES = 40
_LEAST_SPREAD = 0.05  # of the largest: a learner that tells nearly the same of all is not blown up further


def weights_of(
    estimates: Mapping[str, Floats], scores: Mapping[str, float], trial: Trial, seed: int
) -> dict[str, float]:
    """Weights that sum to 1: exp(Qini / standard error), the error that of a difference of two learners' Qinis.

    Args:
        estimates: by learner, float (rows,), of customers that it had not seen; on one scale, see `standardised`.
        scores: the Qini of each learner on them.
        trial: the same customers.
    """
    names = tuple(estimates)
    random = np.random.default_rng(seed)
    drawn: list[list[float]] = []
    while len(drawn) < _RESAMPLES:
        rows = random.integers(len(trial), size=len(trial))
        some = trial.only(rows)
        if 0 < some.treated.sum() < len(some):
            drawn.append([qini(estimates[name][rows], some) for name in names])
    error = _error_of_differences(np.asarray(drawn))
    found = np.asarray([scores[name] for name in names])
    if error <= 0:
        return dict.fromkeys(names, 1.0 / len(names))
    weight = np.exp((found - found.max()) / error)
    return {name: float(each) for name, each in zip(names, weight / weight.sum(), strict=True)}


def shares_of(weights: Mapping[str, float], spreads: Mapping[str, float]) -> dict[str, float]:
    """By which the effects of each learner are multiplied, as weights are of effects of equal spread."""
    least = max(_LEAST_SPREAD * max(spreads[name] for name in weights), 1e-9)
    held = {name: max(spreads[name], least) for name in weights}
    usual = sum(weight * held[name] for name, weight in weights.items())
    return {name: weight * usual / held[name] for name, weight in weights.items()}


def averaged(shares: Mapping[str, float]) -> Learner:
    """The learner that fits each of the parts and adds up their effects."""

    def fit(values: Floats, trial: Trial, seed: int) -> Effect:
        parts = [(share, CANDIDATES[name](values, trial, seed)) for name, share in shares.items()]
        return Effect(tuple(term for share, part in parts for term in part.scaled(share)))

    return fit


def standardised(estimates: Floats, folds: Sequence[NDArray[np.bool_]]) -> tuple[Floats, float]:
    """Estimates with mean 0 and spread 1 in each fold, as each is of another fit; and their usual spread."""
    told = np.zeros(len(estimates))
    spreads = []
    for fold in folds:
        apart = estimates[fold] - estimates[fold].mean()
        spreads.append(float(apart.std()))
        told[fold] = apart / max(spreads[-1], 1e-12)
    return told, float(np.mean(spreads))


def _error_of_differences(drawn: Floats) -> float:
    """Of resampled Qinis, float (resamples, learners): the usual standard error of one learner's less another's."""
    pairs = [(drawn[:, one] - drawn[:, other]).std() for one in range(drawn.shape[1]) for other in range(one)]
    return float(np.mean(pairs)) if pairs else 0.0

"""What is served, fitted on several resamples of the customers: its mean, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_models.uplift.heads import Effect, Floats
from crm_models.uplift.learners import Learner
from crm_models.uplift.qini import Trial

RESAMPLES = 16


@dataclass(frozen=True)
class Bag:
    """The mean is served (bagging, Breiman 1996); the spread estimates the standard error of one fit."""

    effects: tuple[Effect, ...]

    def predict(self, values: Floats) -> tuple[Floats, Floats]:
        """Effect and its standard error, both float (rows,)."""
        each = np.stack([effect.predict(values) for effect in self.effects])
        return each.mean(axis=0), each.std(axis=0, ddof=1)


def fit_bag(
    learner: Learner,
    values: Floats,
    trial: Trial,
    groups: NDArray[np.int64],
    seed: int,
    resamples: int = RESAMPLES,
) -> Bag:
    """Fit on as many customers as there are, drawn with replacement; a customer's rows stay together."""
    random = np.random.default_rng(seed)
    names, place = np.unique(groups, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(names) + 1))
    effects: list[Effect] = []
    while len(effects) < resamples:
        drawn = random.integers(len(names), size=len(names))
        rows = np.concatenate([order[starts[name] : starts[name + 1]] for name in drawn])
        if 1 < trial.treated[rows].sum() < len(rows) - 1:
            effects.append(learner(values[rows], trial.only(rows), seed))
    return Bag(tuple(effects))

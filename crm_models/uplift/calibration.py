"""How large effects really are, on customers that the learner has not seen.

A learner may order customers well and still tell effects that are too large (it fitted noise) or too small (it was held
back). The best linear predictor of Chernozhukov, Demirer, Duflo and Fernandez-Val (2018), "Generic machine learning
inference on heterogeneous treatment effects", sets that right: the doubly robust outcome is regressed on the estimates
of a cross-validation. A slope of 1 means that the estimates were right, 0 that they say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_models.uplift.comparison import folds_of
from crm_models.uplift.heads import Floats
from crm_models.uplift.learners import Learner, doubly_robust
from crm_models.uplift.qini import Trial

_LEAST_SLOPE = 0.05  # the order is kept, whatever the figures say


@dataclass(frozen=True)
class Calibration:
    """effect = average + slope * (estimate - centre); the errors are robust standard errors."""

    centre: float
    average: float
    average_error: float
    slope: float
    slope_error: float

    def apply(self, estimate: Floats, error: Floats) -> tuple[Floats, Floats]:
        """Effects and their standard errors, of estimates and theirs; all float (rows,)."""
        apart = estimate - self.centre
        spread = self.average_error**2 + (self.slope_error * apart) ** 2 + (self.slope * error) ** 2
        return self.average + self.slope * apart, np.sqrt(spread)


def calibrate(learner: Learner, values: Floats, trial: Trial, groups: NDArray[np.int64], seed: int) -> Calibration:
    """From estimates for each customer by a fit without that customer."""
    estimate = np.zeros(len(values))
    for learn, test in folds_of(groups, seed):
        estimate[test] = learner(values[learn], trial.only(learn), seed).predict(values[test])
    outcome = doubly_robust(values, trial, seed)
    centre = float(estimate.mean())
    apart = estimate - centre
    spread = float(apart @ apart)
    slope = float(apart @ outcome / spread) if spread > 1e-12 else 0.0
    average = float(outcome.mean())
    left = outcome - average - slope * apart
    slope_error = float(np.sqrt(((apart * left) ** 2).sum()) / spread) if spread > 1e-12 else 0.0
    return Calibration(
        centre=centre,
        average=average,
        average_error=float(left.std(ddof=1) / np.sqrt(len(left))),
        slope=max(slope, _LEAST_SLOPE),
        slope_error=slope_error,
    )

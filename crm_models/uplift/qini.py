"""The Qini curve: what targeting the customers with the highest scores first would have brought.

With the customers sorted by score, highest first, and the first k of them targeted, the incremental outcomes are

    g(k) = Y_t(k) - Y_c(k) * N_t(k) / N_c(k)

of Radcliffe (2007), "Using control groups to target on predicted lift". Counts are weighted by the inverse of the
propensity, which changes nothing where it is the same for all. The curve is g divided by the number of the treated,
against k divided by the number of customers: it ends at the average effect of the offer. The Qini coefficient is the
area between the curve and the straight line to its end, that is, to targeting at random; in percent (times 100) where
this package shows it. It is not divided by the area of a perfect order: that one is unknown where nobody is seen
both treated and not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """Who was treated and what came of it, a row a customer.

    Args:
        treated: bool (rows,).
        outcome: float (rows,), 0 or 1.
        propensity: float (rows,), the chance of being treated, between 0 and 1.
    """

    treated: NDArray[np.bool_]
    outcome: Floats
    propensity: Floats

    def __len__(self) -> int:
        return len(self.outcome)

    def only(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Trial:
        return Trial(self.treated[rows], self.outcome[rows], self.propensity[rows])

    @property
    def weight(self) -> Floats:
        """Inverse of the chance of the arm that the customer is in."""
        return np.asarray(1.0 / np.where(self.treated, self.propensity, 1.0 - self.propensity))

    @property
    def effect(self) -> float:
        """The average effect: difference of the arms, weighted by the inverse of the propensity (Hajek)."""
        weight, treated = self.weight, self.treated
        of_treated = np.average(self.outcome[treated], weights=weight[treated])
        return float(of_treated - np.average(self.outcome[~treated], weights=weight[~treated]))


def qini_curve(scores: Floats, trial: Trial) -> tuple[Floats, Floats]:
    """Shares targeted and incremental outcomes per treated customer, both float (points,), from 0 to all.

    Customers with the same score are targeted together: there is no point of the curve between them.
    """
    order = np.argsort(-scores, kind="stable")
    weight, treated = trial.weight[order], trial.treated[order]
    gained = weight * trial.outcome[order]
    among_treated, among_control = np.cumsum(weight * treated), np.cumsum(weight * ~treated)
    ratio = np.divide(among_treated, among_control, out=np.zeros_like(among_control), where=among_control > 0)
    gain = np.cumsum(gained * treated) - np.cumsum(gained * ~treated) * ratio
    ends = np.append(np.diff(scores[order]) != 0, True)
    share = np.arange(1, len(scores) + 1) / len(scores)
    return np.append(0.0, share[ends]), np.append(0.0, gain[ends] / max(among_treated[-1], 1e-12))


def qini(scores: Floats, trial: Trial) -> float:
    """The Qini coefficient: area between the curve and targeting at random; 0 for scores that say nothing.

    A perfect order and a useless one have no fixed values: compare it only between scores of the same customers.
    """
    share, gain = qini_curve(scores, trial)
    return float(np.trapz(gain, share) - gain[-1] / 2)


def qini_interval(
    scores: Floats, trial: Trial, seed: int, resamples: int = 200, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap over customers (Efron 1979)."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        rows = random.integers(len(trial), size=len(trial))
        drawn = trial.only(rows)
        if 0 < drawn.treated.sum() < len(drawn):
            values.append(qini(scores[rows], drawn))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

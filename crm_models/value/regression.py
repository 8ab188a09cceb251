"""What else is known of a customer, as a correction of what frequency and recency alone say.

A Poisson regression (log link) with the probability model's expectation as its offset: log E[orders] = log E_model +
bias + weights * columns. So it goes over to another horizon with the model, and says by how much each column moves the
expectation. Only the correction is learned: without any signal it is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadTable

Floats = NDArray[np.float64]
PENALTIES = (
    1e-3,
    1e-2,
    1e-1,
    1.0,
)  # L2 of the weights of standardised columns; the best is chosen on held-out customers
_FOLDS = 5
_FURTHEST = 3.0  # standard deviations from the mean; beyond, a column counts as if it were there
_LEAST = 1e-6  # expected orders below which a customer is as good as gone


@dataclass(frozen=True)
class Regression:
    mean: Floats  # (columns,)
    scale: Floats  # (columns,)
    weight: Floats  # (columns,), of one standard deviation, in logarithms
    bias: float
    penalty: float

    @classmethod
    def fit(cls, values: Floats, expected: Floats, came: Floats) -> Self:
        """Learn the correction.

        Args:
            values: what is known on a day, long tails taken as logarithms, float (customers, columns).
            expected: orders or spend by the probability model in a period after it, above 0 (customers,).
            came: orders or spend in the period (customers,). For spend the likelihood is a quasi-likelihood: its mean
                is right whatever the distribution is.

        Raises:
            BadTable: nobody ordered in the period.
        """
        came = np.maximum(came, 0.0)
        if came.sum() == 0:
            raise BadTable("The regression has nothing to learn from: nobody ordered in the period it is fitted on.")
        level = came.sum() / np.maximum(expected, _LEAST).sum()
        expected, came = np.maximum(expected, _LEAST) / came.mean() * level, came / came.mean()
        mean, spread = values.mean(axis=0), values.std(axis=0)
        scale = np.where(spread > 1e-9, spread, 1.0)
        standard = np.where(spread > 1e-9, _standard(values, mean, scale), 0.0)
        penalty = min(PENALTIES, key=lambda each: _held_out_loss(standard, expected, came, each))
        weight, bias = _poisson(standard, expected, came, penalty)
        return cls(mean, scale, np.where(spread > 1e-9, weight, 0.0), bias + float(np.log(level)), penalty)

    def parts(self, values: Floats) -> Floats:
        """Logarithm of the correction by column, float (customers, columns); the bias comes on top."""
        return np.asarray(_standard(values, self.mean, self.scale) * self.weight)

    def correction(self, values: Floats) -> Floats:
        """What the model's expectation is to be multiplied with, float (customers,)."""
        return np.asarray(np.exp(self.parts(values).sum(axis=1) + self.bias))


def _standard(values: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.asarray(np.clip((values - mean) / scale, -_FURTHEST, _FURTHEST))


def _poisson(standard: Floats, expected: Floats, came: Floats, penalty: float) -> tuple[Floats, float]:
    """What came over what was expected, weighted by expected: the same likelihood as with an offset."""
    from sklearn.linear_model import PoissonRegressor  # type: ignore[import-untyped]

    found = PoissonRegressor(alpha=penalty, max_iter=500, tol=1e-7, solver="newton-cholesky")
    found.fit(standard, came / expected, sample_weight=expected)
    return np.asarray(found.coef_, dtype=np.float64), float(found.intercept_)


def _held_out_loss(standard: Floats, expected: Floats, came: Floats, penalty: float) -> float:
    """Mean squared error over folds of customers."""
    fold = np.arange(len(came)) % _FOLDS
    lost = 0.0
    for number in range(_FOLDS):
        out = fold == number
        if came[~out].sum() == 0:
            continue
        weight, bias = _poisson(standard[~out], expected[~out], came[~out], penalty)
        lost += float(((expected[out] * np.exp(standard[out] @ weight + bias) - came[out]) ** 2).sum())
    return lost

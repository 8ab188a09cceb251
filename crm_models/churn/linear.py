"""Logistic regression on the encoded columns, held to the directions it can sensibly have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.encoding import Encoding, Floats


class Linear:
    """Log-odds are a sum over columns, so the parts are exact Shapley values against the mean of training."""

    kind = "logistic"

    def __init__(self, penalty: float = 1e-3) -> None:
        self.penalty = penalty  # L2, for each customer

    def fit(
        self, codes: Floats, left: NDArray[np.bool_], levels: Sequence[int], directions: Sequence[int], seed: int
    ) -> Self:
        self._encoding = Encoding.fit(codes, levels)
        dense = self._encoding.dense(codes)
        self._mean = dense.mean(axis=0)
        ways = self._encoding.directions(directions)
        self._weight, self._bias = logistic(dense - self._mean, left, ways, self.penalty)
        return self

    def log_odds(self, codes: Floats) -> Floats:
        return np.asarray((self._encoding.dense(codes) - self._mean) @ self._weight + self._bias)

    def parts(self, codes: Floats) -> Floats:
        """What each column adds to the log-odds of the average customer, (rows, columns)."""
        return self._encoding.by_column((self._encoding.dense(codes) - self._mean) * self._weight)

    def parameters(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = {**self._encoding.arrays(), "mean": self._mean, "weight": self._weight}
        return {"bias": self._bias, "columns": self._encoding.columns, "penalty": self.penalty}, arrays

    @classmethod
    def restore(cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        made = cls(parameters["penalty"])
        made._encoding = Encoding.from_arrays(int(parameters["columns"]), arrays)
        made._mean, made._weight, made._bias = arrays["mean"], arrays["weight"], float(parameters["bias"])
        return made


def logistic(
    values: Floats, left: NDArray[np.bool_], directions: NDArray[Any], penalty: float, weight: Floats | None = None
) -> tuple[Floats, float]:
    """Weights and bias of a logistic regression whose weights keep to their directions: 1 up, -1 down, 0 either.

    Minimises mean log-loss + penalty / 2 * |w|^2 within the bounds by L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995). The mean
    is over rows, or over as many as each of them stands for (`weight`).
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    target = left.astype(np.float64)
    counts = np.ones(len(target)) if weight is None else weight * (len(weight) / weight.sum())

    def loss(guess: Floats) -> tuple[float, Floats]:
        log_odds = values @ guess[:-1] + guess[-1]
        error = (sigmoid(log_odds) - target) * counts
        gradient = np.append(values.T @ error / len(target) + penalty * guess[:-1], error.mean())
        missed = (np.logaddexp(0.0, log_odds) - target * log_odds) * counts
        return float(missed.mean() + penalty / 2 * guess[:-1] @ guess[:-1]), gradient

    bounds = [(0.0 if way > 0 else None, 0.0 if way < 0 else None) for way in directions]
    start = np.zeros(values.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x[:-1]), float(found.x[-1])


def sigmoid(log_odds: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def logit(chance: Floats, edge: float = 1e-6) -> Floats:
    chance = np.clip(chance, edge, 1 - edge)
    return np.asarray(np.log(chance / (1 - chance)))

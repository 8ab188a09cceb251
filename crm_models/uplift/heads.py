"""The parts that an estimate of an effect is made of: a linear function or boosted trees, kept as numbers and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDS = 60
_LEAST_LEAF = 20  # customers in a leaf, or a share of them all


class Head(Protocol):
    def predict(self, values: Floats) -> Floats:
        """One number a row, float (rows,); `values` is float (rows, columns), standardised."""

    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Linear:
    """bias + values . weight, through the logistic function where it is a probability."""

    bias: float
    weight: Floats
    logistic: bool = False

    def predict(self, values: Floats) -> Floats:
        found = self.bias + values @ self.weight
        return np.asarray(1.0 / (1.0 + np.exp(-found))) if self.logistic else np.asarray(found)

    def as_json(self) -> dict[str, Any]:
        return {"bias": self.bias, "weight": self.weight.tolist(), "logistic": self.logistic}


@dataclass(frozen=True)
class Boosted:
    """Trees in LightGBM's text format. `beside` are values of columns that come after those of the customer."""

    text: str
    beside: tuple[float, ...] = ()

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def predict(self, values: Floats) -> Floats:
        if not len(values):
            return np.zeros(0)
        more = np.broadcast_to(np.asarray(self.beside, dtype=np.float64), (len(values), len(self.beside)))
        return np.asarray(self._booster.predict(np.hstack([values, more]), num_threads=1), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "beside": list(self.beside)}


@dataclass(frozen=True)
class Effect:
    """A weighted sum of heads: by how much the offer changes the chance of the outcome."""

    terms: tuple[tuple[float, Head], ...] = field(default_factory=tuple)

    def predict(self, values: Floats) -> Floats:
        found = np.zeros(len(values))
        for share, head in self.terms:
            found = found + share * head.predict(values)
        return found

    def scaled(self, share: float) -> tuple[tuple[float, Head], ...]:
        return tuple((share * each, head) for each, head in self.terms)

    def as_json(self) -> list[dict[str, Any]]:
        return [{"share": share, **head.as_json()} for share, head in self.terms]

    @classmethod
    def from_json(cls, told: Sequence[dict[str, Any]]) -> Self:
        return cls(tuple((float(each["share"]), head_of(each)) for each in told))


def head_of(told: dict[str, Any]) -> Head:
    """The inverse of `as_json`."""
    if "text" in told:
        return Boosted(told["text"], tuple(told["beside"]))
    return Linear(float(told["bias"]), np.asarray(told["weight"], dtype=np.float64), bool(told["logistic"]))


def fit_logistic(values: Floats, outcome: NDArray[Any], weight: Floats | None = None, strength: float = 0.1) -> Linear:
    """Logistic regression; a constant where there is one outcome only.

    Args:
        strength: inverse of the ridge penalty, scikit-learn's C; small values draw effects towards their mean.
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    if outcome.min() == outcome.max():
        share = np.clip(outcome.mean(), 1e-6, 1 - 1e-6)
        return Linear(float(np.log(share / (1 - share))), np.zeros(values.shape[1]), logistic=True)
    fitted = LogisticRegression(C=strength, max_iter=300).fit(values, outcome, sample_weight=weight)
    return Linear(float(fitted.intercept_[0]), fitted.coef_[0].astype(np.float64), logistic=True)


def fit_ridge(values: Floats, target: Floats) -> Linear:
    """Ridge regression, its penalty by generalised cross-validation (Golub, Heath and Wahba 1979)."""
    from sklearn.linear_model import RidgeCV

    fitted = RidgeCV(alphas=len(values) * np.logspace(-3, 1, 9)).fit(values, target)
    return Linear(float(fitted.intercept_), fitted.coef_.astype(np.float64))


def fit_boosted(
    values: Floats,
    target: NDArray[Any],
    seed: int,
    *,
    binary: bool,
    leaves: int = 6,
    rounds: int = _ROUNDS,
    penalty: float = 10.0,
    leaf: float = 0.02,
) -> Boosted:
    """Small, strongly regularised trees: effects are weak, and noise is strong.

    Args:
        penalty: LightGBM's lambda_l2.
        leaf: the smallest share of the customers in a leaf.
    """
    import lightgbm

    options = {
        "objective": "binary" if binary else "regression",
        "num_leaves": leaves,
        "learning_rate": 0.05,
        "min_data_in_leaf": max(_LEAST_LEAF, int(leaf * len(values))),
        "lambda_l2": penalty,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(values, np.asarray(target, dtype=np.float64), free_raw_data=True)
    booster = lightgbm.train(options, data, num_boost_round=rounds)
    return Boosted(booster.model_to_string(num_iteration=-1))

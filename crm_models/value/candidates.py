"""Which way of expecting orders is nearest to what came: measured on a period that none of them has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.value.bg_nbd import BgNbd
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.inputs import COLUMNS, buying_of, column, covariates_of, money_of
from crm_models.value.pareto_nbd import ParetoNbd
from crm_models.value.predictive import Outlook
from crm_models.value.regression import Regression

Floats = NDArray[np.float64]
Fitted = BgNbd | ParetoNbd
BG_NBD, PARETO_NBD, REGRESSION, NAIVE = "bg_nbd", "pareto_nbd", "regression", "same_rate"
CANDIDATES: Mapping[str, type[BgNbd] | type[ParetoNbd]] = {BG_NBD: BgNbd, PARETO_NBD: ParetoNbd}
_INFLATIONS = np.geomspace(0.25, 16.0, 25)  # of the variance of the rate, tried


@dataclass(frozen=True)
class Corrections:
    """The regression: of the orders, and of the whole spend."""

    orders: Regression
    spend: Regression


@dataclass(frozen=True)
class Comparison:
    """What the candidates did on the held-out period, and what is kept of it."""

    best: str
    metrics: Mapping[str, float]  # root mean squared errors and biases, by candidate
    corrections: Corrections  # fitted on the held-out period too, for the present
    inflation: float


def outlook_of(
    values: Floats,
    models: Mapping[str, Fitted],
    served: str,
    corrections: Corrections | None,
    spend: GammaGamma,
    horizon: float,
) -> Outlook:
    """Expectations of one candidate, the regression where `corrections` are given.

    `values` holds COLUMNS, float (customers, columns); `horizon` is in days.
    """
    base = models[served if served in models else PARETO_NBD]
    buying = buying_of(values)
    alive = base.alive(buying)
    expected = alive * base.expected_if_alive(buying, horizon)
    orders, mean = money_of(values)
    amount = spend.expected(orders, mean)
    if corrections is not None:
        covariates = covariates_of(values, expected)
        corrected = expected * corrections.orders.correction(covariates)
        total = expected * amount * corrections.spend.correction(covariates)
        expected, amount = corrected, total / np.maximum(corrected, 1e-12)
    return Outlook(alive, expected, base.r + buying.frequency, amount, spend.relative_variance(orders))


def compare(table: pd.DataFrame, days: list[Any]) -> Comparison:
    """Fit on what was known on `days[1]`, measure on what came until `days[2]`.

    The regression is fitted on `days[0]` with what came until `days[1]`; the probability models on `days[1]`. Then the
    regression is fitted again on what came until `days[2]`.

    Args:
        table: COLUMNS, `cut_off`, `future_orders`, `future_cents`.
        days: three of the cut-offs, equally far from each other, oldest first.
    """
    first, second = (_Day.of(table, day, days[2] - days[1]) for day in days[:2])
    learned = first.corrections()
    found = {name: second.outlook(name, None) for name in CANDIDATES}
    found[REGRESSION] = second.outlook(REGRESSION, learned)
    metrics = second.metrics({name: (each.orders, each.spend) for name, each in found.items()})
    best = min(found, key=lambda name: metrics[f"orders_rmse_{name}"])
    return Comparison(best, metrics, second.corrections(), _inflation(found[best], second.orders))


@dataclass(frozen=True)
class _Day:
    """A day in the past, and what came in the period after it."""

    values: Floats
    orders: Floats  # that came
    cents: Floats
    horizon: float  # days
    models: Mapping[str, Fitted]
    spend: GammaGamma

    @classmethod
    def of(cls, table: pd.DataFrame, day: Any, horizon: timedelta) -> _Day:
        rows = table[table["cut_off"] == day]
        values = rows[list(COLUMNS)].to_numpy(dtype=np.float64)
        buying = buying_of(values)
        models = {name: kind.fit(buying) for name, kind in CANDIDATES.items()}
        spend = GammaGamma.fit(*money_of(values, paid_only=True))
        orders, cents = (rows[name].to_numpy(dtype=np.float64) for name in ("future_orders", "future_cents"))
        return cls(values, orders, cents, pd.Timedelta(horizon).total_seconds() / 86_400, models, spend)

    def outlook(self, served: str, corrections: Corrections | None) -> Outlook:
        return outlook_of(self.values, self.models, served, corrections, self.spend, self.horizon)

    def corrections(self) -> Corrections:
        found = self.outlook(PARETO_NBD, None)
        covariates = covariates_of(self.values, found.orders)
        return Corrections(
            Regression.fit(covariates, found.orders, self.orders), Regression.fit(covariates, found.spend, self.cents)
        )

    def metrics(self, found: Mapping[str, tuple[Floats, Floats]]) -> dict[str, float]:
        """Of orders and spend, beside the naive rule that everybody goes on at the same rate."""
        rate = column(self.values, "orders") / np.maximum(column(self.values, "ordering_for"), 30.0) * self.horizon
        told = {**found, NAIVE: (rate, rate * money_of(self.values)[1])}
        metrics = {"rows": float(len(self.orders)), "horizon_days": self.horizon}
        for name, (orders, spend) in told.items():
            metrics[f"orders_rmse_{name}"] = float(np.sqrt(np.mean((orders - self.orders) ** 2)))
            metrics[f"orders_bias_{name}"] = float(orders.sum() / max(self.orders.sum(), 1.0) - 1.0)
            metrics[f"spend_bias_{name}"] = float(spend.sum() / max(self.cents.sum(), 1.0) - 1.0)
            metrics[f"spend_spearman_{name}"] = _spearman(spend, self.cents)
        return metrics


def _spearman(one: Floats, other: Floats) -> float:
    """Rank correlation: whether who is expected to spend more does."""
    from scipy.stats import spearmanr  # type: ignore[import-untyped]

    return float(spearmanr(one, other).statistic)


def _inflation(outlook: Outlook, orders: Floats) -> float:
    """The spread of the rates that makes what came the likeliest."""
    tried = {float(each): replace(outlook, shape=outlook.shape / each) for each in _INFLATIONS}
    return max(tried, key=lambda each: float(tried[each].log_likelihood(orders).mean()))

"""Which way of expecting orders is nearest to what came: measured on a period that none of them has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.value.bg_nbd import BgNbd
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.inputs import COLUMNS, buying_of, column, covariates_of, known_days_of, money_of
from crm_models.value.pareto_nbd import ParetoNbd
from crm_models.value.predictive import Outlook
from crm_models.value.regression import Regression
from crm_models.value.repeat_buying import RepeatBuying

Floats = NDArray[np.float64]
Fitted = BgNbd | ParetoNbd
COVERAGE = 0.8  # of the interval that is told with a value
BG_NBD, PARETO_NBD, REGRESSION, NAIVE = "bg_nbd", "pareto_nbd", "regression", "same_rate"
PROBABILITY_MODELS: Mapping[str, type[BgNbd] | type[ParetoNbd]] = {BG_NBD: BgNbd, PARETO_NBD: ParetoNbd}
_INFLATIONS = np.geomspace(0.25, 16.0, 25)  # of the variance of the rate, tried


@dataclass(frozen=True)
class Corrections:
    """The regression on top of one probability model: of the orders, and of the whole spend."""

    orders: Regression
    spend: Regression


@dataclass(frozen=True)
class Candidates:
    """Everything that was fitted on what was known on a day."""

    models: Mapping[str, Fitted]
    spend: GammaGamma
    known_days: float
    corrections: Mapping[str, Corrections]  # by probability model; empty: no regression

    @classmethod
    def fit(cls, values: Floats, corrections: Mapping[str, Corrections] | None = None) -> Candidates:
        """Fit the probability models on COLUMNS, float (customers, columns); the regression is given."""
        buying = buying_of(values)
        models = {name: kind.fit(buying) for name, kind in PROBABILITY_MODELS.items()}
        spend = GammaGamma.fit(*money_of(values, paid_only=True))
        return cls(models, spend, known_days_of(values), corrections or {})

    def outlook(self, values: Floats, served: str, horizon: float) -> Outlook:
        """Expectations of one candidate over `horizon` days; the regression is the mean of both models, corrected."""
        buying = buying_of(values)
        if served in self.models:
            return self._of_model(values, buying, served, horizon, None)
        both = {name: self._of_model(values, buying, name, horizon, self.corrections[name]) for name in self.models}
        orders = sum((each.orders for each in both.values()), np.zeros(len(values))) / len(both)
        spend = sum((each.spend for each in both.values()), np.zeros(len(values))) / len(both)
        return replace(both[PARETO_NBD], orders=orders, amount=spend / np.maximum(orders, 1e-12))

    def _of_model(
        self, values: Floats, buying: RepeatBuying, name: str, horizon: float, corrections: Corrections | None
    ) -> Outlook:
        model = self.models[name]
        alive = model.alive(buying)
        expected = alive * model.expected_if_alive(buying, horizon)
        orders, mean = money_of(values)
        amount = self.spend.expected(orders, mean)
        if corrections is not None:
            covariates = covariates_of(values, alive, self.known_days)
            corrected = expected * corrections.orders.correction(covariates)
            total = expected * amount * corrections.spend.correction(covariates)
            expected, amount = corrected, total / np.maximum(corrected, 1e-12)
        return Outlook(alive, expected, model.r + buying.frequency, amount, self.spend.relative_variance(orders))

    def parts(self, values: Floats) -> Floats:
        """By how much each covariate moves the logarithm of the spend against its average, float (customers,
        covariates): the mean of both models."""
        found = [
            correction.spend.parts(covariates_of(values, self.models[name].alive(buying_of(values)), self.known_days))
            for name, correction in self.corrections.items()
        ]
        return np.asarray(np.mean(found, axis=0))


@dataclass(frozen=True)
class Comparison:
    """What the candidates did on the held-out period, and what is kept of it."""

    best: str
    metrics: Mapping[str, float]  # root mean squared errors and biases, by candidate
    corrections: Mapping[str, Corrections]  # fitted on the held-out period too, for the present
    inflation: float


def compare(table: pd.DataFrame, days: list[Any]) -> Comparison:
    """Fit on what was known on `days[1]`, measure on what came until `days[2]`.

    The regression is fitted on `days[0]` with what came until `days[1]`; the probability models on `days[1]`. Then the
    regression is fitted again on what came until `days[2]`.

    Args:
        table: COLUMNS, `cut_off`, `future_orders`, `future_cents`.
        days: three of the cut-offs, oldest first.
    """
    first, second = (_Day.of(table, *days[number : number + 2]) for number in (0, 1))
    tried = replace(second.candidates, corrections=first.corrections())
    found = {name: tried.outlook(second.values, name, second.period) for name in (*PROBABILITY_MODELS, REGRESSION)}
    metrics = second.metrics({name: (each.orders, each.spend) for name, each in found.items()})
    best = min(found, key=lambda name: metrics[f"orders_rmse_{name}"])
    inflation = fitted_inflation(found[best], second.orders)
    metrics |= coverage(found[best], inflation, second.orders, second.cents)
    return Comparison(best, metrics, second.corrections(), inflation)


@dataclass(frozen=True)
class _Day:
    """A day in the past, and what came in the period after it."""

    values: Floats
    orders: Floats  # that came
    cents: Floats
    period: float  # days
    candidates: Candidates

    @classmethod
    def of(cls, table: pd.DataFrame, day: Any, until: Any) -> _Day:
        rows = table[table["cut_off"] == day]
        values = rows[list(COLUMNS)].to_numpy(dtype=np.float64)
        orders, cents = (rows[name].to_numpy(dtype=np.float64) for name in ("future_orders", "future_cents"))
        period = (pd.Timestamp(until) - pd.Timestamp(day)).total_seconds() / 86_400
        return cls(values, orders, cents, period, Candidates.fit(values))

    def corrections(self) -> dict[str, Corrections]:
        found = {}
        for name, model in self.candidates.models.items():
            plain = self.candidates.outlook(self.values, name, self.period)
            covariates = covariates_of(self.values, model.alive(buying_of(self.values)), self.candidates.known_days)
            found[name] = Corrections(
                Regression.fit(covariates, plain.orders, self.orders),
                Regression.fit(covariates, plain.spend, self.cents),
            )
        return found

    def metrics(self, found: Mapping[str, tuple[Floats, Floats]]) -> dict[str, float]:
        """Of orders and spend, beside the naive rule that everybody goes on at the same rate."""
        rate = column(self.values, "orders") / np.maximum(column(self.values, "ordering_for"), 30.0) * self.period
        told = {**found, NAIVE: (rate, rate * money_of(self.values)[1])}
        metrics = {"rows": float(len(self.orders)), "period_days": self.period}
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


def fitted_inflation(outlook: Outlook, orders: Floats) -> float:
    """The spread of the rates that makes what came the likeliest."""
    tried = {float(each): replace(outlook, shape=outlook.shape / each) for each in _INFLATIONS}
    return max(tried, key=lambda each: float(tried[each].log_likelihood(orders).mean()))


def coverage(outlook: Outlook, inflation: float, orders: Floats, cents: Floats) -> dict[str, float]:
    """Share of customers whose orders and spend lie in their interval; at the edge counts as in."""
    spread = replace(outlook, shape=outlook.shape / inflation)
    low, high = (1.0 - COVERAGE) / 2, (1.0 + COVERAGE) / 2
    held = {
        "orders": (spread.order_quantile(low) <= orders) & (orders <= spread.order_quantile(high)),
        "spend": (spread.spend_quantile(low) <= cents) & (cents <= spread.spend_quantile(high)),
    }
    return {f"coverage_{name}": float(each.mean()) for name, each in held.items()}

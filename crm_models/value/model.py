"""What a customer will still spend: BG/NBD, Pareto/NBD or a regression on top, whichever was nearest on a held-out
period, with Gamma-Gamma for the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.model import CustomerModel, reason, values_of
from crm_models.value.candidates import (
    CANDIDATES,
    PARETO_NBD,
    REGRESSION,
    Comparison,
    Corrections,
    Fitted,
    compare,
    outlook_of,
)
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.inputs import BUYING, COLUMNS, buying_of, covariates_of, money_of, with_column
from crm_models.value.predictive import Outlook
from crm_models.value.regression import Regression

HORIZON_DAYS = 365
FEWEST_CUSTOMERS = 50
COVERAGE = 0.8  # of the interval that is told with a value
_HIGH, _LOW = 0.8, 0.4  # quantiles of the values where "high" begins and "low" ends
_LEAST_PART = 0.1  # of the logarithm of the value; less is not worth telling

_LEARNED = ("mean", "scale", "weight")  # arrays of a regression

Floats = NDArray[np.float64]


class LifetimeValue(CustomerModel):
    """The score is the expected spend in cents over `horizon_days`, times `margin`.

    `fit` takes rows of several days, see `value_table`: the latest day is the present, of which nothing later is known;
    the two days before it have `future_orders` and `future_cents`, and decide which candidate is served.
    """

    name = "value"
    columns = COLUMNS
    labels = ("high", "middle", "low")
    unit = "cents"
    score_range = (0.0, np.inf)

    def __init__(self, horizon_days: int = HORIZON_DAYS, margin: float = 1.0) -> None:
        super().__init__()
        self.horizon_days = horizon_days
        self.margin = margin  # share of the spend that is earned; 1.0 values customers by their spend
        self.served = PARETO_NBD
        self.comparison: Comparison | None = None  # on the held-out period; None where the history is too short
        self._models: dict[str, Fitted] = {}
        self._spend: GammaGamma | None = None
        self._corrections: Corrections | None = None
        self._inflation = 1.0
        self._middle: Floats = np.zeros(0)  # median of each column
        self._edges: Floats = np.zeros(2)  # values where "middle" and "high" begin

    @property
    def fitted(self) -> bool:
        return self._spend is not None

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from FEATURES; with `cut_off` and the outcomes also which candidate is the best."""
        values = values_of(table, self.columns, self.name)
        days = sorted(table["cut_off"].unique()) if "cut_off" in table else []
        now = values[(table["cut_off"] == days[-1]).to_numpy()] if days else values
        if len(now) < FEWEST_CUSTOMERS:
            raise BadTable(f"Lifetime value needs {FEWEST_CUSTOMERS} customers with an order; there are {len(now)}.")
        buying = buying_of(now)
        if not buying.frequency.any():
            raise BadTable("Lifetime value needs customers who ordered on more than one day; here nobody has.")
        if len(days) >= 3:
            self.comparison = compare(table, days[-3:])
            self.served, self._inflation = self.comparison.best, self.comparison.inflation
            self._corrections = self.comparison.corrections
        self._models = {name: kind.fit(buying) for name, kind in CANDIDATES.items()}
        self._spend = GammaGamma.fit(*money_of(now, paid_only=True))
        self._middle = np.median(now, axis=0)
        # rounded, so that no customer stands on the edge by a rounding error
        self._edges = np.quantile(self._expected(now), (_LOW, _HIGH)).round(2)
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        return pd.Series(self._expected(self._values(table)), index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        middle, high = self._edges
        value = self.predict(table).to_numpy()
        named = np.select([value >= high, value >= middle], self.labels[:2], default=self.labels[2])
        return pd.Series(named, index=table.index, dtype=object)

    def details(self, table: pd.DataFrame) -> pd.DataFrame:
        """What the value is made of, by customer_id, float64.

        Returns:
            `expected_orders` and `alive` (probability), and `low_cents` and `high_cents`: between them the value that
            comes lies for COVERAGE of the customers. Parametric, with a spread fitted on the held-out period.
        """
        outlook = self.outlook(self._values(table))
        low, high = (1.0 - COVERAGE) / 2, (1.0 + COVERAGE) / 2
        told = {
            "expected_orders": outlook.orders,
            "alive": outlook.alive,
            "low_cents": outlook.spend_quantile(low) * self.margin,
            "high_cents": outlook.spend_quantile(high) * self.margin,
        }
        return pd.DataFrame(told, index=table.index, dtype=np.float64)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """Columns that move the value up or down against a customer with the median, the strongest first.

        By how much the logarithm of the value changes when the column alone is set to its median.
        """
        values = self._values(table)
        parts = self._parts(values)
        strongest = np.argsort(-np.abs(parts), axis=1, kind="stable")
        told = [
            tuple(reason(self.columns[each], row[each]) for each in order if abs(part[each]) >= _LEAST_PART)
            for row, part, order in zip(values, parts, strongest, strict=True)
        ]
        return pd.Series(told, index=table.index, dtype=object)

    def _parts(self, values: Floats) -> Floats:
        """By how much each column moves the logarithm of the value, float (customers, columns)."""
        parts = np.zeros_like(values)
        if self._corrections is not None and self.served == REGRESSION:
            middle = self._middle[None, :]
            taken = [covariates_of(each, np.ones(len(each))) for each in (values, middle)]
            one, other = (self._corrections.spend.parts(each)[:, : len(self.columns)] for each in taken)
            parts = one - other
        whole = np.log(np.maximum(self._expected(values), 1e-3))
        for name in (*BUYING, "spent_cents"):
            number = self.columns.index(name)
            other = with_column(values, name, self._middle[number])
            parts[:, number] = whole - np.log(np.maximum(self._expected(other), 1e-3))
        return parts

    def outlook(self, values: Floats, horizon_days: float | None = None, served: str | None = None) -> Outlook:
        """Expectations over any horizon, by the served candidate or another one."""
        assert self._spend is not None
        horizon, served = horizon_days or self.horizon_days, served or self.served
        corrections = self._corrections if served == REGRESSION else None
        found = outlook_of(values, self._models, served, corrections, self._spend, horizon)
        return replace(found, shape=found.shape / self._inflation)

    def summary(self, table: pd.DataFrame) -> dict[str, float]:
        """Parameters and totals for the card."""
        assert self._spend is not None
        orders, mean = money_of(self._values(table))
        several = orders > 1
        related = np.corrcoef(orders[several], mean[several])[0, 1] if several.sum() > 2 else 0.0
        values = self.predict(table)
        told = {
            "mean_value_cents": float(values.mean()),
            "share_of_value_of_best_fifth": float(values.nlargest(max(len(values) // 5, 1)).sum() / values.sum()),
            "correlation_of_orders_and_amount": float(related),
        }
        for name, model in {**self._models, "gamma_gamma": self._spend}.items():
            told |= {f"{name}_{symbol}": value for symbol, value in asdict(model).items()}
        return told

    def _expected(self, values: Floats) -> Floats:
        return np.asarray(self.outlook(values).spend * self.margin)

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        assert self._spend is not None
        parameters: dict[str, Any] = {
            "horizon_days": self.horizon_days,
            "margin": self.margin,
            "served": self.served,
            "columns": list(self.columns),
            "inflation": self._inflation,
            "models": {name: asdict(model) for name, model in self._models.items()},
            "gamma_gamma": asdict(self._spend),
        }
        arrays = {"middle": self._middle, "edges": self._edges}
        if self._corrections is not None:
            parameters["corrections"] = {}
            for what, learned in vars(self._corrections).items():
                parameters["corrections"][what] = {"bias": learned.bias, "penalty": learned.penalty}
                arrays |= {f"{what}_{name}": getattr(learned, name) for name in _LEARNED}
        return parameters, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        if parameters["columns"] != list(self.columns):
            raise ValueError("its columns are those of another version")
        self.horizon_days, self.margin = int(parameters["horizon_days"]), float(parameters["margin"])
        self.served, self._inflation = parameters["served"], float(parameters["inflation"])
        self._models = {name: kind(**parameters["models"][name]) for name, kind in CANDIDATES.items()}
        self._middle, self._edges = arrays["middle"], arrays["edges"]
        if "corrections" in parameters:
            self._corrections = Corrections(*(_regression(parameters, arrays, what) for what in ("orders", "spend")))
        self._spend = GammaGamma(**parameters["gamma_gamma"])


def _regression(parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], what: str) -> Regression:
    mean, scale, weight = (arrays[f"{what}_{name}"] for name in _LEARNED)
    return Regression(mean, scale, weight, **parameters["corrections"][what])

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
    COVERAGE,
    PARETO_NBD,
    PROBABILITY_MODELS,
    REGRESSION,
    Candidates,
    Comparison,
    Corrections,
    compare,
)
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.inputs import BUYING, COLUMNS, COVARIATES, buying_of, money_of, with_column
from crm_models.value.predictive import Outlook
from crm_models.value.regression import Regression

HORIZON_DAYS = 365
FEWEST_CUSTOMERS = 50
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
        self._candidates: Candidates | None = None
        self._inflation = 1.0
        self._middle: Floats = np.zeros(0)  # median of each column
        self._edges: Floats = np.zeros(2)  # values where "middle" and "high" begin

    @property
    def fitted(self) -> bool:
        return self._candidates is not None

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
        self._candidates = Candidates.fit(now, self.comparison.corrections if self.comparison else None)
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
        """Columns that move the value up or down, the strongest first.

        Frequency, recency, T and money: by how much the logarithm of the value changes when the column alone is set to
        its median. Where the regression is served, its parts against the average customer come on top.
        """
        values = self._values(table)
        parts = self._parts(values)
        strongest = np.argsort(-np.abs(parts), axis=1, kind="stable")
        told = [
            tuple(reason(self.columns[each], row[each]) for each in order if abs(part[each]) >= _LEAST_PART)
            for row, part, order in zip(values, parts, strongest, strict=True)
        ]
        return pd.Series(told, index=table.index, dtype=object)

    def outlook(self, values: Floats, horizon_days: float | None = None, served: str | None = None) -> Outlook:
        """Expectations over any horizon, by the served candidate or another one; `values` holds COLUMNS."""
        assert self._candidates is not None
        found = self._candidates.outlook(values, served or self.served, horizon_days or self.horizon_days)
        return replace(found, shape=found.shape / self._inflation)

    def _parts(self, values: Floats) -> Floats:
        """By how much each column moves the logarithm of the value, float (customers, columns)."""
        assert self._candidates is not None
        plain = self.served if self.served in PROBABILITY_MODELS else PARETO_NBD
        parts = np.zeros_like(values)
        whole = np.log(np.maximum(self.outlook(values, served=plain).spend, 1e-3))
        for name in (*BUYING, "spent_cents"):
            number = self.columns.index(name)
            other = self.outlook(with_column(values, name, self._middle[number]), served=plain)
            parts[:, number] = whole - np.log(np.maximum(other.spend, 1e-3))
        if self.served == REGRESSION:
            corrected = self._candidates.parts(values)
            for number, about in enumerate(COVARIATES.values()):
                parts[:, self.columns.index(about)] += corrected[:, number]
        return parts

    def summary(self, table: pd.DataFrame) -> dict[str, float]:
        """Parameters and totals for the card."""
        assert self._candidates is not None
        orders, mean = money_of(self._values(table))
        several = orders > 1
        related = np.corrcoef(orders[several], mean[several])[0, 1] if several.sum() > 2 else 0.0
        values = self.predict(table)
        told = {
            "mean_value_cents": float(values.mean()),
            "share_of_value_of_best_fifth": float(values.nlargest(max(len(values) // 5, 1)).sum() / values.sum()),
            "correlation_of_orders_and_amount": float(related),
        }
        for name, model in {**self._candidates.models, "gamma_gamma": self._candidates.spend}.items():
            told |= {f"{name}_{symbol}": value for symbol, value in asdict(model).items()}
        return told

    def _expected(self, values: Floats) -> Floats:
        return np.asarray(self.outlook(values).spend * self.margin)

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        fitted = self._candidates
        assert fitted is not None
        parameters: dict[str, Any] = {
            "horizon_days": self.horizon_days,
            "margin": self.margin,
            "served": self.served,
            "columns": list(self.columns),
            "covariates": list(COVARIATES),
            "inflation": self._inflation,
            "known_days": fitted.known_days,
            "models": {name: asdict(model) for name, model in fitted.models.items()},
            "gamma_gamma": asdict(fitted.spend),
            "corrections": {},
        }
        arrays = {"middle": self._middle, "edges": self._edges}
        for name, corrections in fitted.corrections.items():
            scalars = parameters["corrections"][name] = {}
            for what, learned in vars(corrections).items():
                scalars[what] = {"bias": learned.bias, "penalty": learned.penalty}
                arrays |= {f"{name}_{what}_{each}": getattr(learned, each) for each in _LEARNED}
        return parameters, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        if (parameters["columns"], parameters["covariates"]) != (list(self.columns), list(COVARIATES)):
            raise ValueError("its columns are those of another version")
        self.horizon_days, self.margin = int(parameters["horizon_days"]), float(parameters["margin"])
        self.served, self._inflation = parameters["served"], float(parameters["inflation"])
        self._middle, self._edges = arrays["middle"], arrays["edges"]
        corrections = {
            name: Corrections(*(_regression(scalars[what], arrays, f"{name}_{what}") for what in ("orders", "spend")))
            for name, scalars in parameters["corrections"].items()
        }
        self._candidates = Candidates(
            {name: kind(**parameters["models"][name]) for name, kind in PROBABILITY_MODELS.items()},
            GammaGamma(**parameters["gamma_gamma"]),
            float(parameters["known_days"]),
            corrections,
        )


def _regression(scalars: Mapping[str, float], arrays: Mapping[str, NDArray[Any]], name: str) -> Regression:
    mean, scale, weight = (arrays[f"{name}_{each}"] for each in _LEARNED)
    return Regression(mean, scale, weight, **scalars)

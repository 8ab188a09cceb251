"""Who may leave: the chance that a customer buys nothing in the half year to come.

Logistic regression on standardised features, each held to the direction it can sensibly have, so that a score
is a sum of contributions and can be explained; calibrated on later data (Platt 1999), with the threshold of
`at_risk` chosen there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.features import YEAR, bought_within, features_at
from crm_models.history import History
from crm_models.model import CustomerModel, reason, values_of
from crm_models.offers import AT_RISK, CHURN

HORIZON = timedelta(days=180)  # no order for that long after the cut-off: left
FEWEST_OF_A_KIND = 30  # customers who left, and who stayed, in each part of the data
_PENALTY = 1e-3  # L2, for each customer: columns are few and correlated, customers many
_LEAST_CONTRIBUTION = 0.05  # in log-odds; less is not worth telling

# Columns whose long tail is taken as a logarithm.
_LOGARITHMS = ("no_order_for", "orders", "spent_cents", "customer_for", "times_usual_gap", "not_seen_for")
# Which way a column may move the risk: 1 more is riskier, -1 more is safer, 0 either. Several columns say
# nearly the same; without the limits one would take a weight that only corrects another's, and a customer
# would be told to be at risk for having ordered lately.
_DIRECTIONS = {
    "no_order_for": 1,
    "orders": -1,
    "spent_cents": 0,
    "customer_for": 0,
    "orders_in_a_year": -1,
    "times_usual_gap": 1,
    "late_deliveries": 1,
    "slow_refunds": 1,
    "returned": 0,
    "complaints": 1,
    "open_complaints": 1,
    "sentiment": -1,
    "not_seen_for": 1,
    "visits_in_a_quarter": -1,
    "discounted_percent": 0,
    "newsletter_left": 1,
}
# Facts about the customer rather than reasons to leave.
_NOT_TOLD = ("orders", "spent_cents", "customer_for", "returned", "discounted_percent")


class ChurnModel(CustomerModel):
    """`fit` takes rows of several cut-offs, see `churn_table`: the latest calibrates, the others teach."""

    name = CHURN
    columns = tuple(_DIRECTIONS)
    labels = (AT_RISK, "steady")

    def __init__(self) -> None:
        super().__init__()
        # of the transformed values, float (columns,)
        self._mean: NDArray[np.float64] = np.zeros(0)
        self._scale: NDArray[np.float64] = np.zeros(0)
        self._weight: NDArray[np.float64] = np.zeros(0)  # log-odds for one standard deviation, calibrated
        self._bias = 0.0
        self.threshold = 0.5  # of the probability, from which on a customer is at risk

    @property
    def fitted(self) -> bool:
        return len(self._weight) > 0

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from the columns, `cut_off` (datetime) and `left` (bool, bought nothing within HORIZON)."""
        values = _transform(values_of(table, self.columns, self.name))
        early, late = _split(table)
        left = table["left"].to_numpy(dtype=bool)
        self._mean = values[early].mean(axis=0)
        spread = values[early].std(axis=0)
        self._scale = np.where(spread > 1e-9, spread, 1.0)
        standard = (values - self._mean) / self._scale
        directions = np.array(list(_DIRECTIONS.values()))
        weight, bias = _logistic(standard[early], left[early], directions, _PENALTY)
        raw = standard @ weight + bias
        slope, shift = _logistic(raw[late, None], left[late], np.ones(1), 0.0)
        self._weight, self._bias = weight * slope, bias * float(slope[0]) + shift
        self.threshold = _best_threshold(_sigmoid(raw[late] * slope + shift), left[late])
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        scores = _sigmoid(self._contributions(self._values(table)).sum(axis=1) + self._bias)
        return pd.Series(scores, index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        named = np.where(self.predict(table) >= self.threshold, *self.labels)
        return pd.Series(named, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """What makes leaving likelier than for the average customer, in the order of log-odds."""
        values = self._values(table)
        contributions = self._contributions(values)
        told = [self._reasons(row, parts) for row, parts in zip(values, contributions, strict=True)]
        return pd.Series(told, index=table.index, dtype=object)

    def _reasons(self, values: NDArray[np.float64], parts: NDArray[np.float64]) -> tuple[str, ...]:
        strongest = np.argsort(-parts, kind="stable")
        return tuple(
            reason(self.columns[number], values[number])
            for number in strongest
            if parts[number] >= _LEAST_CONTRIBUTION and self._tells(number, values[number])
        )

    def _tells(self, number: int, value: float) -> bool:
        """Incidents must have happened, and a mood be bad; little of what is good needs no minimum."""
        column = self.columns[number]
        if column in _NOT_TOLD:
            return False
        if column == "sentiment":
            return value < 0
        return _DIRECTIONS[column] < 0 or round(value) > 0

    def _contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds against the average customer, float (rows, columns); exact, as the model is linear."""
        return np.asarray((_transform(values) - self._mean) / self._scale * self._weight)

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        learned = zip(self.columns, self._mean, self._scale, self._weight, strict=True)
        rows = [{"column": c, "mean": float(m), "scale": float(s), "weight": float(w)} for c, m, s, w in learned]
        return {"bias": self._bias, "threshold": self.threshold, "features": rows}, {}

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        rows = parameters["features"]
        if [row["column"] for row in rows] != list(self.columns):
            raise ValueError("its columns are those of another version")
        self._mean, self._scale, self._weight = (
            np.array([row[key] for row in rows], dtype=np.float64) for key in ("mean", "scale", "weight")
        )
        self._bias, self.threshold = float(parameters["bias"]), float(parameters["threshold"])


def churn_table(history: History, cut_offs: list[datetime]) -> pd.DataFrame:
    """Features on each of the days, with `cut_off`, and `left`: whether nothing was bought within HORIZON.

    Only customers who ordered in the year before: of the others most are long gone, and would make any
    model look good.
    """
    parts = []
    for cut_off in cut_offs:
        part = features_at(history, cut_off)
        part = part[part["no_order_for"] <= YEAR.days]
        stayed = part.index.isin(bought_within(history, cut_off, HORIZON))
        parts.append(part.assign(cut_off=cut_off, left=~stayed))
    return pd.concat(parts)


def _split(table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    missing = [name for name in ("cut_off", "left") if name not in table]
    if missing:
        raise BadTable(f"The table to fit the churn model on lacks {', '.join(missing)}.")
    late = (table["cut_off"] == table["cut_off"].max()).to_numpy()
    left = table["left"].to_numpy(dtype=bool)
    for part, chosen in (("the latest cut-off", late), ("the earlier cut-offs", ~late)):
        gone, stayed = int(left[chosen].sum()), int((~left[chosen]).sum())
        if min(gone, stayed) < FEWEST_OF_A_KIND:
            raise BadTable(
                f"Churn needs {FEWEST_OF_A_KIND} customers who left and as many who stayed; "
                f"{part} has {gone} and {stayed}."
            )
    return ~late, late


def _logistic(
    values: NDArray[np.float64], left: NDArray[np.bool_], directions: NDArray[Any], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a logistic regression whose weights keep to their directions.

    Minimises mean log-loss + penalty / 2 * |w|^2 within the bounds by L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995).
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    target = left.astype(np.float64)

    def loss(guess: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds = values @ guess[:-1] + guess[-1]
        error = _sigmoid(log_odds) - target
        gradient = np.append(values.T @ error / len(target) + penalty * guess[:-1], error.mean())
        missed = np.logaddexp(0.0, log_odds) - target * log_odds
        return float(missed.mean() + penalty / 2 * guess[:-1] @ guess[:-1]), gradient

    bounds = [(0.0 if way > 0 else None, 0.0 if way < 0 else None) for way in directions]
    start = np.zeros(values.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x[:-1]), float(found.x[-1])


def _transform(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values = values.copy()
    tailed = [ChurnModel.columns.index(name) for name in _LOGARITHMS]
    values[:, tailed] = np.log1p(np.maximum(values[:, tailed], 0.0))
    return values


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def _best_threshold(scores: NDArray[np.float64], left: NDArray[np.bool_]) -> float:
    """Where sensitivity + specificity - 1 is greatest (Youden 1950).

    Half-way to the next lower score, so that no customer stands on the edge by a rounding error.
    """
    scores = scores.round(9)
    levels = np.unique(scores)[::-1]
    missed = np.searchsorted(np.sort(scores[left]), levels) / max(int(left.sum()), 1)
    spared = np.searchsorted(np.sort(scores[~left]), levels) / max(int((~left).sum()), 1)
    best = int(np.argmax(spared - missed))
    lower = levels[best + 1] if best + 1 < len(levels) else 0.0
    return float((levels[best] + lower) / 2)

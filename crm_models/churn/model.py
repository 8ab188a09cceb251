"""Who may leave: the chance that a customer of a shop buys nothing in the half year to come.

Candidates are compared on earlier days, a customer's rows never on both sides of a fold; the winner is calibrated on
the latest day (Platt 1999), which it has not seen, and the threshold of `at_risk` chosen there. Each keeps to the
direction that a feature can sensibly have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.churn.blend import Blend
from crm_models.churn.comparison import Comparison, Plan, Rows, compare
from crm_models.churn.labels import AT_RISK, CHURN
from crm_models.churn.linear import logistic, sigmoid
from crm_models.churn.metrics import best_threshold
from crm_models.churn.shop_table import scoring_table
from crm_models.errors import BadTable
from crm_models.gap_model.model import GapModel
from crm_models.model import CustomerModel, reason, values_of
from crm_models.snapshot import ShopSnapshot
from crm_models.training import Progress

FEWEST_OF_A_KIND = 30  # customers who left, and who stayed, in each part of the data
SHOP_PLAN = Plan(repeats=2, folds=3, most_rows=4_500)
_LEAST_CONTRIBUTION = 0.05  # in log-odds; less is not worth telling

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
    "escalations": 1,
    "open_escalations": 1,
    "open_questions": 1,
    "repeated_contacts": 1,
}
# Facts about the customer rather than reasons to leave.
_NOT_TOLD = ("orders", "spent_cents", "customer_for", "returned", "discounted_percent")


class ChurnModel(CustomerModel):
    """`fit` takes rows of several cut-offs, see `churn_table`: the latest calibrates, the others teach."""

    name = CHURN
    columns = tuple(_DIRECTIONS)
    labels = (AT_RISK, "steady")

    def __init__(self, plan: Plan = SHOP_PLAN, progress: Progress | None = None, with_gap: bool = False) -> None:
        """Args:
        with_gap: also read the gap between interest and purchases; for a shop in which that adds something.
        """
        super().__init__()
        self.with_gap = with_gap
        self._gap: GapModel | None = None
        self.plan = plan
        self.comparison: Comparison | None = None  # of the candidates, after `fit`
        self.threshold = 0.5  # of the probability, from which on a customer is at risk
        self._progress = progress
        self._blend: Blend | None = None

    @property
    def fitted(self) -> bool:
        return self._blend is not None

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from the columns, `cut_off` (datetime) and `left` (bool, bought nothing within HORIZON)."""
        values_of(table, self.columns, self.name)
        early, late = _split(table)
        if self.with_gap:
            before = table[early]
            self._gap = GapModel().fit(before[before["cut_off"] == before["cut_off"].max()])
        values = self._inputs(table)
        left = table["left"].to_numpy(dtype=bool)
        numbers = (0,) * values.shape[1]
        directions = (*_DIRECTIONS.values(), *(0 for _ in range(values.shape[1] - len(self.columns))))
        rows = Rows(values[early], left[early], numbers, directions, table.index.to_numpy()[early])
        self.comparison = compare(rows, self.plan, self._progress)
        blend = Blend.fit(rows, self.comparison, self.plan)
        raw = blend.log_odds(values[late])
        slope, shift = logistic(raw[:, None], left[late], np.ones(1), 0.0)
        self._blend = blend.scaled(float(slope[0]), shift)
        self.threshold = best_threshold(sigmoid(raw * slope + shift), left[late])
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        return pd.Series(self._served().chance(self._checked(table)), index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        named = np.where(self.predict(table) >= self.threshold, *self.labels)
        return pd.Series(named, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """What makes leaving likelier than for the average customer, in the order of log-odds."""
        values = self._checked(table)
        contributions = self._served().parts(values)
        told = [self._reasons(row, parts) for row, parts in zip(values, contributions, strict=True)]
        return pd.Series(told, index=table.index, dtype=object)

    def _reasons(self, values: NDArray[np.float64], parts: NDArray[np.float64]) -> tuple[str, ...]:
        strongest = np.argsort(-parts[: len(self.columns)], kind="stable")
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

    @classmethod
    def table_of(cls, shop: ShopSnapshot) -> pd.DataFrame:
        return scoring_table(shop.features, shop.history, shop.now)

    def _checked(self, table: pd.DataFrame) -> NDArray[np.float64]:
        self._check_fitted()
        return self._inputs(table)

    def _inputs(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """What the candidates read: the columns, and the gap where it is used."""
        values = values_of(table, self.columns, self.name)
        return values if self._gap is None else np.column_stack([values, self._gap.churn_inputs(table)])

    def _served(self) -> Blend:
        self._check_fitted()
        assert self._blend is not None
        return self._blend

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        parameters, arrays = self._served().parameters()
        own: dict[str, Any] = {"columns": list(self.columns), "threshold": self.threshold, "gap": None}
        if self._gap is not None:
            own["gap"], gap_arrays = self._gap._parameters()
            arrays.update({f"gap.{name}": array for name, array in gap_arrays.items()})
        return {**own, **parameters}, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        if parameters["columns"] != list(self.columns):
            raise ValueError("its columns are those of another version")
        if parameters["gap"] is not None:
            self.with_gap, self._gap = True, GapModel()
            own = {name.removeprefix("gap."): array for name, array in arrays.items() if name.startswith("gap.")}
            self._gap._restore(parameters["gap"], own)
        self._blend = Blend.restore(parameters, arrays)
        self.threshold = float(parameters["threshold"])


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

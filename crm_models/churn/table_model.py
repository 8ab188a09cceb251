"""Who may leave, from a table of the user's own with a column that says who left.

Columns may be numbers, categories, true or false, with gaps; what identifies or protects people is not read. The
candidates, the rule that chooses and the calibration are those of `crm_models.churn.comparison`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.churn.blend import Blend
from crm_models.churn.columns import Column, Schema, as_texts
from crm_models.churn.comparison import Comparison, Plan, Rows, compare
from crm_models.churn.labels import AT_RISK, meaning_left
from crm_models.churn.metrics import best_threshold
from crm_models.errors import BadTable
from crm_models.model import CustomerModel
from crm_models.training import Progress

FEWEST_OF_A_KIND = 30  # rows of customers who left, and who stayed
MISSING = "missing"  # how a gap is told in a reason
_LEAST_CONTRIBUTION = 0.05  # in log-odds; less is not worth telling


class TableChurn(CustomerModel):
    """A reason is `column=value` with the value of the table, `column=missing` for a gap."""

    name = "churn_table"
    columns: tuple[str, ...] = ()  # type: ignore[misc]  # those of the table it was fitted on
    labels = (AT_RISK, "steady")

    def __init__(
        self,
        target: str = "",
        left_value: str | None = None,
        keep: Collection[str] = (),
        plan: Plan | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Args:
        target: the column that says who left; it has two values.
        left_value: which of them means that the customer left; else see `meaning_left`.
        keep: columns to use although their names say that they are protected.
        """
        super().__init__()
        self.target, self.left_value, self.keep = target, left_value, tuple(keep)
        self.why_left = ""  # why `left_value` is thought to mean that, after `fit`
        self.plan = plan or Plan()
        self.comparison: Comparison | None = None  # of the candidates, after `fit`
        self.threshold = 0.5
        self._progress = progress
        self._schema = Schema(())
        self._blend: Blend | None = None

    @property
    def fitted(self) -> bool:
        return self._blend is not None

    @property
    def ignored(self) -> tuple[str, ...]:
        """A sentence for each column that is not read, after `fit`."""
        return self._schema.ignored

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from all rows whose target is known.

        Raises:
            BadTable: the target is missing or has not two values, too few left or stayed, or no column is left.
        """
        known, left = self._outcome(table)
        table = table[known]
        self._schema = Schema.of(table, self.target, self.keep)
        self.columns = self._schema.names
        levels = tuple(len(column.levels or ()) for column in self._schema.columns)
        rows = Rows(self._schema.codes(table), left, levels, (0,) * len(levels))
        self.comparison = compare(rows, self.plan, self._progress)
        self._blend = Blend.fit(rows, self.comparison, self.plan)
        self.threshold = best_threshold(self.comparison.unseen_chance, self.comparison.unseen_left)
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        blend = self._served()
        return pd.Series(blend.chance(self._schema.codes(table)), index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        named = np.where(self.predict(table) >= self.threshold, *self.labels)
        return pd.Series(named, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """What makes leaving likelier than for the average customer, in the order of log-odds."""
        parts = self._served().parts(self._schema.codes(table))
        said = [_said(column, table[column.name]) for column in self._schema.columns]
        told = []
        for row, own in enumerate(parts):
            strongest = [place for place in np.argsort(-own, kind="stable") if own[place] >= _LEAST_CONTRIBUTION]
            told.append(tuple(f"{self.columns[place]}={said[place][row]}" for place in strongest))
        return pd.Series(told, index=table.index, dtype=object)

    def _outcome(self, table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows have a target, and of those, who left."""
        if self.target not in table:
            raise BadTable(f"The table has no column {self.target!r}; it has {', '.join(map(str, table.columns))}.")
        texts = np.array(as_texts(table[self.target]), dtype=object)
        known = np.array([text is not None for text in texts], dtype=bool)
        values = sorted(set(texts[known]))
        if len(values) != 2:
            told = ", ".join(values[:5]) + (", ..." if len(values) > 5 else "")
            raise BadTable(
                f"The target {self.target} must have two values, left and stayed; it has {len(values)}: {told}."
            )
        rows = {value: int((texts[known] == value).sum()) for value in values}
        value, self.why_left = (self.left_value, "as told") if self.left_value else meaning_left(self.target, rows)
        if value not in values:
            raise BadTable(f"The target {self.target} has no value {value!r}; it has {' and '.join(values)}.")
        self.left_value = value
        left = np.asarray(texts[known] == value, dtype=bool)
        if min(left.sum(), (~left).sum()) < FEWEST_OF_A_KIND:
            raise BadTable(
                f"Churn needs {FEWEST_OF_A_KIND} customers who left and as many who stayed; by {self.target} "
                f"there are {left.sum()} and {(~left).sum()}."
            )
        return known, left

    def _served(self) -> Blend:
        self._check_fitted()
        assert self._blend is not None
        return self._blend

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        parameters, arrays = self._served().parameters()
        own = {"target": self.target, "left_value": self.left_value, "threshold": self.threshold}
        return {**own, "columns": self._schema.as_json(), "ignored": list(self.ignored), **parameters}, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.target, self.left_value = parameters["target"], parameters["left_value"]
        self._schema = Schema.from_json(parameters["columns"], parameters["ignored"])
        self.columns = self._schema.names
        self.threshold = float(parameters["threshold"])
        self._blend = Blend.restore(parameters, arrays)


def _said(column: Column, values: pd.Series[Any]) -> list[str]:
    """The values as a person would read them."""
    if column.levels is not None:
        return [MISSING if text is None else text for text in as_texts(values)]
    return [MISSING if np.isnan(number) else f"{number:.6g}" for number in column.codes(values)]

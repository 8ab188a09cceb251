"""Groups of customers by recency, frequency and monetary value.

Fifths of each, as in Hughes (1994), "Strategic Database Marketing"; the names are fixed, so that a segment
means the same after the next training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.model import CustomerModel, reason, values_of

FEWEST_CUSTOMERS = 50
NEW_DAYS = 90  # a customer for less than that has shown no rhythm yet
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


class Segmentation(CustomerModel):
    """`fit` finds the fifths; the score is the mean rank of the three, 0 worst to 1 best."""

    name = "segment"
    columns = ("no_order_for", "orders", "spent_cents", "customer_for")
    labels = ("new", "best", "loyal", "occasional", "drifting", "lost")

    def __init__(self) -> None:
        super().__init__()
        self._edges: NDArray[np.float64] | None = None  # (3, 4)

    @property
    def fitted(self) -> bool:
        return self._edges is not None

    def fit(self, table: pd.DataFrame) -> Self:
        values = values_of(table, self.columns, self.name)[:, :3]
        if len(values) < FEWEST_CUSTOMERS:
            raise BadTable(f"Segments need {FEWEST_CUSTOMERS} customers with an order; there are {len(values)}.")
        edges = np.quantile(values, _FIFTHS, axis=0).T
        if edges[0, 0] == edges[0, -1]:
            raise BadTable("Segments need orders of different days; here all are of the same time.")
        self._edges = edges
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        ranks = self._ranks(self._values(table))
        return pd.Series((ranks.mean(axis=1) - 1) / 4, index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        values = self._values(table)
        recency, frequency, money = self._ranks(values).T
        named = np.select(
            [
                values[:, 3] < NEW_DAYS,
                (recency >= 4) & (frequency + money >= 8),
                (recency >= 3) & (frequency >= 3),
                recency >= 3,
                frequency >= 3,
            ],
            list(self.labels[:-1]),
            default=self.labels[-1],
        )
        return pd.Series(named, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """Recency, frequency and money, the most telling (farthest from the middle) first."""
        values = self._values(table)
        order = np.argsort(-np.abs(self._ranks(values) - 3), axis=1, kind="stable")
        told = [
            tuple(reason(self.columns[column], row[column]) for column in best)
            for row, best in zip(values, order, strict=True)
        ]
        return pd.Series(told, index=table.index, dtype=object)

    def _ranks(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fifths from 1 to 5, 5 best, float (rows, 3)."""
        assert self._edges is not None
        ranks = np.ones((len(values), len(self._edges)))
        for column, edges in enumerate(self._edges):
            ranks[:, column] += np.searchsorted(edges, values[:, column])
        ranks[:, 0] = 6 - ranks[:, 0]  # the shorter ago, the better
        return ranks

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        assert self._edges is not None
        return {}, {"edges": self._edges}

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self._edges = arrays["edges"]

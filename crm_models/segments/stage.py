"""Where a customer is in the life with the shop, by the customer's own rhythm.

The rhythm is that of Pareto/NBD: the rate of orders has a Gamma posterior, so the days until the next order of who is
still there have a Lomax distribution. Who is silent for longer than nine of ten such gaps is at risk; who is far
likelier gone than not has lapsed; who came back out of such a silence was won back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.features import features_at
from crm_models.model import CustomerModel, reason, values_of
from crm_models.snapshot import ShopSnapshot
from crm_models.value.pareto_nbd import ParetoNbd
from crm_models.value.repeat_buying import RepeatBuying, repeat_buying

Floats = NDArray[np.float64]
FEWEST_CUSTOMERS = 50
LATE = 0.9  # share of the customer's gaps that are shorter than the one from which on the customer is at risk
LAPSED = 0.25  # probability of being alive below which a customer has lapsed: three times likelier gone than not
PROSPECT, NEW, ACTIVE, AT_RISK, GONE, WON_BACK = "prospect", "new", "active", "at_risk", "lapsed", "won_back"
# What is told of whom: the columns that decided.
_REASONS = {
    PROSPECT: ("customer_for",),
    NEW: ("ordering_for", "orders"),
    ACTIVE: ("no_order_for", "orders"),
    AT_RISK: ("no_order_for", "times_usual_gap"),
    GONE: ("no_order_for", "times_usual_gap"),
    WON_BACK: ("last_gap", "no_order_for"),
}


class LifecycleStage(CustomerModel):
    """The score is the probability that the customer is still one; 0 for a prospect, who never was."""

    name = "stage"
    columns = ("no_order_for", "orders", "ordering_for", "last_gap", "customer_for", "times_usual_gap")
    labels = tuple(_REASONS)

    def __init__(self) -> None:
        super().__init__()
        self._rhythm: ParetoNbd | None = None

    @property
    def fitted(self) -> bool:
        return self._rhythm is not None

    @classmethod
    def table_of(cls, shop: ShopSnapshot) -> pd.DataFrame:
        """Also who has an account and never ordered."""
        return features_at(shop.history, shop.now, prospects=True)

    def fit(self, table: pd.DataFrame) -> Self:
        values = values_of(table, self.columns, self.name)
        buyers = values[values[:, 1] > 0]
        if len(buyers) < FEWEST_CUSTOMERS:
            raise BadTable(f"Stages need {FEWEST_CUSTOMERS} customers with an order; there are {len(buyers)}.")
        buying = _now(buyers)
        if not buying.frequency.any():
            raise BadTable("Stages need customers who ordered more than once, on different days; here nobody has.")
        self._rhythm = ParetoNbd.fit(buying)
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        values = self._values(table)
        return pd.Series(self._alive(values), index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        return pd.Series(self._stage(self._values(table)), index=table.index, dtype=object)

    def details(self, table: pd.DataFrame) -> pd.DataFrame:
        """`alive` (probability), `usual_gap_days` (the median of the gaps to come) and `late_after_days`, float64 by
        customer_id; for a prospect those of the average new customer."""
        values = self._values(table)
        buying = _now(values)
        told = {
            "alive": self._alive(values),
            "usual_gap_days": self._gap(buying, 0.5),
            "late_after_days": self._gap(buying, LATE),
        }
        return pd.DataFrame(told, index=table.index, dtype=np.float64)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        values = self._values(table)
        place = {name: number for number, name in enumerate(self.columns)}
        told = [
            tuple(reason(name, row[place[name]]) for name in _REASONS[stage])
            for row, stage in zip(values, self._stage(values), strict=True)
        ]
        return pd.Series(told, index=table.index, dtype=object)

    def _stage(self, values: Floats) -> NDArray[Any]:
        assert self._rhythm is not None
        since, orders, last_gap = values[:, 0], values[:, 1], values[:, 3]
        buying = _now(values)
        came_back = (orders > 1) & (self._rhythm.alive(_before_last_order(buying, last_gap)) < LAPSED)
        return np.select(
            [
                orders < 1,
                self._alive(values) < LAPSED,
                since > self._gap(buying, LATE),
                orders < 2,
                came_back,
            ],
            [PROSPECT, GONE, AT_RISK, NEW, WON_BACK],
            default=ACTIVE,
        )

    def _alive(self, values: Floats) -> Floats:
        assert self._rhythm is not None
        return np.where(values[:, 1] > 0, self._rhythm.alive(_now(values)), 0.0)

    def _gap(self, buying: RepeatBuying, level: float) -> Floats:
        """Days that so many of the customer's gaps are shorter than, while alive, float (customers,).

        The rate is Gamma(k, age) at the last order, with k = r + x and age = alpha + t_x, so that
        P(gap > t) = (age / (age + t))^k.
        """
        assert self._rhythm is not None
        age, shape = self._rhythm.alpha + buying.recency, self._rhythm.r + buying.frequency
        return np.asarray(age * np.expm1(-np.log(1.0 - level) / shape))

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        assert self._rhythm is not None
        return {"rhythm": asdict(self._rhythm)}, {}

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self._rhythm = ParetoNbd(**parameters["rhythm"])


def _now(values: Floats) -> RepeatBuying:
    """Frequency, recency and T in days; zeros for a prospect. Two orders of one moment are one."""
    T = values[:, 2]
    recency = np.where(values[:, 1] > 0, T - values[:, 0], 0.0)
    recency = np.where(np.abs(recency) < 1e-9, 0.0, recency)
    return repeat_buying(np.where(recency > 0, values[:, 1] - 1.0, 0.0), recency, T)


def _before_last_order(buying: RepeatBuying, last_gap: Floats) -> RepeatBuying:
    """What was known just before the last order."""
    frequency = np.maximum(buying.frequency - 1.0, 0.0)
    recency = np.where(frequency > 0, np.maximum(buying.recency - last_gap, 1e-6), 0.0)
    return RepeatBuying(frequency, recency, np.maximum(buying.recency, recency))

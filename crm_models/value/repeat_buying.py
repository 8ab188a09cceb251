"""Repeat buying in the three numbers that "buy till you die" models need: frequency, recency and T."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RepeatBuying:
    """One entry a customer, float (customers,); a sufficient statistic of BG/NBD and Pareto/NBD.

    The unit of time is whatever the caller counts in; models fitted on weeks must be asked in weeks.
    """

    frequency: Floats  # x: purchases after the first one
    recency: Floats  # t_x: from the first purchase to the last one, 0 without a repeat
    T: Floats  # from the first purchase to the end of what is known

    def __len__(self) -> int:
        return len(self.T)

    def rows(self, chosen: NDArray[np.bool_] | slice) -> RepeatBuying:
        return RepeatBuying(self.frequency[chosen], self.recency[chosen], self.T[chosen])


def repeat_buying(frequency: Floats, recency: Floats, T: Floats) -> RepeatBuying:
    """Check and pack.

    Raises:
        BadTable: names the first number that cannot be, and the rule.
    """
    given = {"frequency": frequency, "recency": recency, "T": T}
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
    if len({array.shape for array in arrays.values()}) != 1 or arrays["T"].ndim != 1:
        raise BadTable("frequency, recency and T must be columns of the same length.")
    for name, array in arrays.items():
        _refuse(~np.isfinite(array), f"{name} must be a number", array)
        _refuse(array < 0, f"{name} must not be negative", array)
    frequency, recency, T = arrays.values()
    _refuse(frequency != np.floor(frequency), "frequency must be a whole number of repeat purchases", frequency)
    _refuse(
        recency > T, "recency (from first to last purchase) must not exceed T (from first purchase until now)", recency
    )
    _refuse((frequency == 0) & (recency > 0), "recency must be 0 where frequency is 0", recency)
    _refuse((frequency > 0) & (recency == 0), "recency must be above 0 where frequency is", frequency)
    return RepeatBuying(frequency, recency, T)


def _refuse(bad: NDArray[np.bool_], rule: str, values: Floats) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise BadTable(
            f"Row {row + 1} has {values[row]:g}: {rule}. {int(bad.sum())} of {len(bad)} rows break this rule."
        )


def summarise(transactions: pd.DataFrame, until: datetime, unit_days: float = 1.0) -> pd.DataFrame:
    """Frequency, recency, T and money from a log of purchases.

    Purchases of one day count as one, as is usual for these models (Fader and Hardie 2005, "A Note on Deriving the
    Pareto/NBD Model"): two parcels of one afternoon do not make a rhythm.

    Args:
        transactions: `customer_id`, `date` (datetime), `amount`.
        until: the end of what is known; later purchases are left out.
        unit_days: length of the unit of time in days, 7 for weeks.

    Returns:
        index `customer_id`, sorted; float64 `frequency`, `recency`, `T`, `orders` (days with a purchase),
        `mean_amount` of all purchase days and `mean_repeat` of all but the first (0 without).
    """
    known = transactions[transactions["date"] < until]
    day = known["date"].dt.normalize()
    daily = known.assign(day=day).groupby(["customer_id", "day"], sort=True)["amount"].sum().reset_index()
    by_customer = daily.groupby("customer_id")
    first, last, orders = by_customer["day"].min(), by_customer["day"].max(), by_customer.size()
    span = (last - first).dt.days / unit_days
    total, opening = by_customer["amount"].sum(), by_customer["amount"].first()
    end = pd.Timestamp(until).normalize()
    return pd.DataFrame(
        {
            "frequency": orders - 1.0,
            "recency": span,
            "T": (end - first).dt.days / unit_days,
            "orders": orders.astype(float),
            "mean_amount": total / orders,
            "mean_repeat": ((total - opening) / (orders - 1)).where(orders > 1, 0.0),
        }
    ).astype(np.float64)

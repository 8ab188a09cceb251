"""The table that lifetime value is fitted on: customers on several days, and what came after each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from crm_models.features import features_at
from crm_models.history import History

_LEAST_PERIOD = timedelta(days=30)  # to compare candidates on; a shorter one says little


def value_cut_offs(history: History, now: datetime, horizon_days: int) -> list[datetime]:
    """`now`, and the two days before it, oldest first; a period as long as the horizon where the history has three of
    them, else a third of the history. `now` alone where that is too short to compare anything."""
    first = history.first_order
    if first is None or first >= now:
        return [now]
    period = min(timedelta(days=horizon_days), (now - first) / 3)
    if period < _LEAST_PERIOD:
        return [now]
    return [now - 2 * period, now - period, now]


def value_table(history: History, cut_offs: list[datetime]) -> pd.DataFrame:
    """FEATURES on each day, with `cut_off`, `future_orders` and `future_cents` until the next one; 0 for the last."""
    parts = []
    for number, day in enumerate(cut_offs):
        until = cut_offs[number + 1] if number + 1 < len(cut_offs) else day
        table = features_at(history, day)
        came = _bought(history, day, until).groupby("customer_id")["value_cents"]
        parts.append(
            table.assign(
                cut_off=day,
                future_orders=came.size().reindex(table.index).fillna(0.0),
                future_cents=came.sum().reindex(table.index).fillna(0.0),
            )
        )
    return pd.concat(parts)


def _bought(history: History, start: datetime, end: datetime) -> pd.DataFrame:
    orders = history.orders
    return orders[(orders["placed_at"] >= start) & (orders["placed_at"] < end) & orders["cancelled_at"].isna()]

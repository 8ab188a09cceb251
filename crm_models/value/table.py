"""The table that lifetime value is fitted on: customers on several days, and what came after each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from crm_models.features import features_at
from crm_models.history import History

_LEAST_PERIOD = timedelta(days=30)  # to compare candidates on; a shorter one says little


def value_cut_offs(history: History, now: datetime, horizon_days: int) -> list[datetime]:
    """`now`, and two days before it, oldest first.

    What is known on each, and the period until the next one, stand in the same proportion as the whole history and the
    horizon. So a regression learns what it will be asked: to look ahead half as far as it can look back, say. `now`
    alone where the history is too short to compare anything.
    """
    first = history.first_order
    if first is None or first >= now:
        return [now]
    known = now - first
    share = known / (known + timedelta(days=horizon_days))
    days = [_midnight(first + known * share**2), _midnight(first + known * share), now]
    shortest = min(days[1] - days[0], days[2] - days[1])
    return [now] if shortest < _LEAST_PERIOD else days


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


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

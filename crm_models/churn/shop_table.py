"""What the churn model of a shop learns from: features of several days, and who bought nothing in the time after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from crm_models.errors import BadTable
from crm_models.features import YEAR, bought_within, features_at
from crm_models.gap_model.behaviour import behaviour_at
from crm_models.history import History

HORIZON = timedelta(days=180)  # no order for that long after the cut-off: left
_BETWEEN = timedelta(days=60)  # two cut-offs to learn from
_WARM_UP = timedelta(days=120)  # of history before the first of them


def churn_table(history: History, cut_offs: list[datetime]) -> pd.DataFrame:
    """Features and behaviour on each of the days, with `cut_off`, and `left`: nothing was bought within HORIZON.

    Only customers who ordered in the year before: of the others most are long gone, and would make any
    model look good.
    """
    parts = []
    for cut_off in cut_offs:
        part = scoring_table(features_at(history, cut_off), history, cut_off)
        part = part[part["no_order_for"] <= YEAR.days]
        stayed = part.index.isin(bought_within(history, cut_off, HORIZON))
        parts.append(part.assign(cut_off=cut_off, left=~stayed))
    return pd.concat(parts)


def scoring_table(features: pd.DataFrame, history: History, cut_off: datetime) -> pd.DataFrame:
    """The features with what was looked at and bought by category, for the gap between them."""
    return features.join(behaviour_at(history, cut_off))


def churn_cut_offs(history: History, last: datetime) -> list[datetime]:
    """Days to learn from, oldest first: `last` to calibrate on, and those whose outcome was known on that day.

    Raises:
        BadTable: the shop's history is too short for one such day.
    """
    first = history.first_order
    days = [last]
    day = last - HORIZON
    while first is not None and day - _WARM_UP >= first:
        days.append(day)
        day -= _BETWEEN
    if len(days) == 1:
        needed = 3 * HORIZON + _WARM_UP
        raise BadTable(f"Churn needs orders of at least {needed.days} days, up to now; this shop's are fewer.")
    return sorted(days)

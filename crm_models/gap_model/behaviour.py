"""What each customer looked at and bought in a year, by category: what the gap model reads."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd

from crm_models.features import YEAR
from crm_models.history import History

LOOKED, BOUGHT = "looked_", "bought_"


def behaviour_at(history: History, cut_off: datetime) -> pd.DataFrame:
    """Counts of the year before the cut-off; nothing on it or later is used.

    Returns:
        float64, `looked_<category>` and `bought_<category>` for each category of the shop, index `customer_id`,
        sorted; only customers who had ordered by then.
    """
    categories = sorted({*history.looks["category"], *history.bought["category"]})
    orders = history.orders
    stood = orders[(orders["placed_at"] < cut_off) & ~(orders["cancelled_at"] < cut_off)]
    index = pd.Index(sorted(stood["customer_id"].unique()), name="customer_id")
    lines = history.bought[~(history.bought["cancelled_at"] < cut_off)]
    parts = [
        _counts(history.looks, LOOKED, categories, cut_off, index),
        _counts(lines, BOUGHT, categories, cut_off, index),
    ]
    return pd.concat(parts, axis=1)


def column_of(category: str) -> str:
    """A category as the end of a column's name."""
    return re.sub(r"[^a-z]+", "_", category.lower()).strip("_") or "other"


def _counts(
    events: pd.DataFrame, start: str, categories: list[str], cut_off: datetime, index: pd.Index[str]
) -> pd.DataFrame:
    recent = events[(events["created_at"] < cut_off) & (events["created_at"] >= cut_off - YEAR)]
    counts = recent.groupby(["customer_id", "category"]).size().unstack(fill_value=0)
    counts = counts.reindex(index=index, columns=categories).fillna(0.0).astype("float64")
    counts.columns = pd.Index([start + column_of(category) for category in categories])
    # two categories whose names differ in digits or accents only are one
    return counts.T.groupby(level=0).sum().T.rename_axis(index="customer_id")

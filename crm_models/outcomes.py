"""What became of the customers: for each model with an outcome, the latest day whose outcome is known by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from crm_models.churn import HORIZON, ChurnModel, churn_table
from crm_models.snapshot import ShopSnapshot
from crm_models.value.model import HORIZON_DAYS, LifetimeValue
from crm_models.value.table import value_table

OUTCOME = "outcome"


def known_outcomes(model: str, shop: ShopSnapshot) -> pd.DataFrame | None:
    """The model's table on that day, with `outcome` (float64, in the unit of the score).

    None for a model without an outcome, and for a shop whose history is too short for one.
    """
    make = _OUTCOMES.get(model)
    first = shop.history.first_order
    if make is None or first is None:
        return None
    table = make(shop)
    return table if len(table) else None


def _churn(shop: ShopSnapshot) -> pd.DataFrame:
    table = churn_table(shop.history, [shop.now - HORIZON])
    return table.assign(**{OUTCOME: table["left"].astype("float64")})


def _value(shop: ShopSnapshot) -> pd.DataFrame:
    """By spend; a model that was fitted with a margin earns less of it, for all customers alike."""
    days = [shop.now - timedelta(days=HORIZON_DAYS), shop.now]
    table = value_table(shop.history, days)
    table = table[table["cut_off"] == days[0]]
    return table.assign(**{OUTCOME: table["future_cents"].astype("float64")})


_OUTCOMES: dict[str, Callable[[ShopSnapshot], pd.DataFrame]] = {
    ChurnModel.name: _churn,
    LifetimeValue.name: _value,
}

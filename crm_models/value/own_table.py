"""Lifetime value, and any other model of orders alone, from a table of purchases that is not the shop's database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from crm_models.database import create_engine, reading
from crm_models.errors import BadTable
from crm_models.history import History, read_history
from crm_models.tables import metadata
from crm_models.value.model import HORIZON_DAYS, LifetimeValue
from crm_models.value.training import train_value

COLUMNS = ("customer_id", "date", "amount")
_CENTS = 100.0


def train_from_table(
    table: pd.DataFrame,
    now: datetime | None = None,
    horizon_days: int = HORIZON_DAYS,
    margin: float = 1.0,
    trained_at: datetime | None = None,
) -> LifetimeValue:
    """Fit lifetime value on purchases.

    Args:
        table: a row a purchase with `customer_id`, `date` and `amount`, see `purchase_history`.
        now: the first moment that is not known; the day after the last purchase where it is not given.
        horizon_days: over how long the value is counted.
        margin: share of the spend that is earned.
        trained_at: the moment of training, which names the version; `now` where it is not given.

    Raises:
        BadTable: names the column and the rule that it breaks, or there are too few customers.
    """
    history = purchase_history(table)
    now = now or history.orders["placed_at"].max().normalize().to_pydatetime() + timedelta(days=1)
    model = train_value(history, now, horizon_days, margin, trained_at)
    assert model.card is not None
    model.card = replace(model.card, data=f"{model.card.data}{_left_out(_days(table))}")
    return model


def purchase_history(table: pd.DataFrame) -> History:
    """Purchases as a History that knows orders and nothing else.

    What a customer bought on one day is one order, for nothing too. What was sent back on that day (a negative amount)
    is taken off; a day on which nothing is left is no order.

    Raises:
        BadTable: names the column and the rule that it breaks.
    """
    days = _days(table)
    kept = (days["sum"] > 0) | ((days["sum"] == 0) & (days["min"] == 0))
    orders = days[kept].reset_index().drop(columns="min").rename({"sum": "value_cents"}, axis="columns")
    if not (orders["value_cents"] > 0).any():
        raise BadTable("The table of purchases has no purchase with an amount above 0.")
    first = orders.groupby("customer_id")["placed_at"].min().rename("created_at").reset_index()
    never = pd.Series(pd.NaT, index=orders.index, dtype="datetime64[ns]")
    unknown = {"promised_on": never, "delivered_at": never, "cancelled_at": never}
    return replace(_empty_history(), customers=first, orders=orders.assign(**unknown, discount_cents=0.0))


def _days(table: pd.DataFrame) -> pd.DataFrame:
    """The `sum` and the `min` of the amounts in cents of each customer's days.

    Raises:
        BadTable: names the column and the rule that it breaks.
    """
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise BadTable(f"The table of purchases lacks {', '.join(missing)}; it needs {', '.join(COLUMNS)}.")
    _refuse(table["customer_id"].isna(), "customer_id", "must not be empty")
    dates = pd.to_datetime(table["date"], errors="coerce")
    _refuse(dates.isna(), "date", "must be a date, as 2024-05-31")
    amounts = pd.to_numeric(table["amount"], errors="coerce")
    _refuse(amounts.isna(), "amount", "must be a number")
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    rows = pd.DataFrame(
        {
            "customer_id": table["customer_id"].astype(str),
            "placed_at": dates.dt.normalize(),
            "value_cents": amounts * _CENTS,
        }
    )
    return rows.groupby(["customer_id", "placed_at"])["value_cents"].agg(["sum", "min"])


def _left_out(days: pd.DataFrame) -> str:
    """A part of a sentence on what was sent back later than on the day it was bought, if anything was."""
    back = days["sum"] < 0
    if not back.any():
        return ""
    share = -days["sum"][back].sum() / days["sum"][~back].sum()
    return (
        f"; what came back on a day without purchases is not taken off ({back.sum():,} days, {share:.1%} of the spend)"
    )


def _empty_history() -> History:
    """What is read from a shop in which nothing ever happened."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with reading(engine) as connection:
        return read_history(connection)


def _refuse(bad: pd.Series[bool], column: str, rule: str) -> None:
    if bad.any():
        raise BadTable(f"{column} {rule}; row {int(bad.argmax()) + 1} does not, nor do {int(bad.sum()) - 1} others.")

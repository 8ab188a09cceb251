"""Whether the policy treats groups of customers alike: how often each gets something, what, and whom budgets leave out.

A report to look at, not a verdict, with the groups, intervals and limits of `crm_models.fairness`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Engine

from crm_models.database import reading
from crm_models.fairness import ATTRIBUTES, FEWEST, Measure, by_group, read_people
from crm_models.next_action.kinds import OFFERS, Reason
from crm_models.tables import decisions, offers

_Z = 1.96


@dataclass(frozen=True)
class Amount:
    """The mean of what one group was given, with a 95 % interval (normal), and whether it differs from all others."""

    attribute: str
    group: str
    offers: int
    mean: float
    low: float
    high: float
    differs: bool


@dataclass(frozen=True)
class Given:
    """What is given by group: percent off, or the expected cost in cents."""

    name: str
    amounts: tuple[Amount, ...]
    not_shown: int  # groups with too few offers


def decision_fairness(engine: Engine, now: datetime, days: int) -> tuple[tuple[Measure, ...], tuple[Given, ...]]:
    """Shares of the customers about whom something was decided, and amounts of what they were offered, by group.

    Args:
        days: of the log, back from `now`.
    """
    log = _read(engine, now - timedelta(days=days), now)
    if log.empty:
        return (), ()
    people = read_people(engine)
    by_customer = log.groupby("customer_id")
    hits = {
        "got an offer": by_customer["is_offer"].max(),
        "got nothing because a budget was spent": by_customer["over_budget"].max(),
        "were handed to a person": by_customer["is_person"].max(),
    }
    measures = tuple(by_group("decisions", name, hit.astype(bool), people) for name, hit in hits.items())
    made = log[log["is_offer"]]
    return measures, (
        _given("percent off", made.dropna(subset=["percent_off"]), "percent_off", people),
        _given("expected cost of an offer in cents", made, "cost_cents", people),
    )


def _read(engine: Engine, since: datetime, until: datetime) -> pd.DataFrame:
    query = (
        select(
            decisions.c.customer_id,
            decisions.c.action,
            decisions.c.reason,
            decisions.c.cost_cents,
            offers.c.percent_off,
        )
        .select_from(decisions.outerjoin(offers, offers.c.offer_id == decisions.c.offer_id))
        .where(decisions.c.created_at >= since, decisions.c.created_at < until)
    )
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    log = pd.DataFrame(rows, columns=["customer_id", "action", "reason", "cost_cents", "percent_off"])
    log["is_offer"] = log["action"].isin([kind.value for kind in OFFERS])
    log["is_person"] = log["action"] == "hand_over"
    log["over_budget"] = log["reason"] == Reason.BUDGET_SPENT.value
    return log


def _given(name: str, made: pd.DataFrame, column: str, people: pd.DataFrame) -> Given:
    amounts: list[Amount] = []
    small = 0
    values = made[column].to_numpy(dtype=np.float64)
    for attribute in ATTRIBUTES:
        belongs = people[attribute].reindex(made["customer_id"]).fillna("(unknown)").to_numpy(dtype=object)
        for group in sorted(set(belongs)):
            inside = values[belongs == group]
            if len(inside) < FEWEST:
                small += 1
                continue
            mean, low, high = _interval(inside)
            rest = values[belongs != group]
            _, rest_low, rest_high = _interval(rest) if len(rest) >= FEWEST else (0.0, -np.inf, np.inf)
            differs = bool(high < rest_low or low > rest_high)
            amounts.append(Amount(attribute, str(group), len(inside), mean, low, high, differs))
    return Given(name, tuple(amounts), small)


def _interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    mean = float(values.mean())
    half = _Z * float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    return mean, mean - half, mean + half

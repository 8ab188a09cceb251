"""Whether a model treats groups of customers alike: scores, who is marked, who got an offer, and errors where the
truth is known by now.

A report to look at, not a verdict: groups differ for reasons that are fair and for others. Shares come with Wilson's
95 % interval (Wilson 1927), and groups that are too small to say anything, or that would show a person, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Engine

from crm_models.database import reading
from crm_models.model import CustomerModel
from crm_models.outcomes import OUTCOME, known_outcomes
from crm_models.scoring import models_in_use
from crm_models.snapshot import ShopSnapshot
from crm_models.tables import customers, offers, predictions

FEWEST = 30  # customers of a group; smaller ones are not shown
ATTRIBUTES = ("country", "tier", "language")  # the shop does not know how old its customers are
OFFERS_WITHIN = timedelta(days=365)
_Z = 1.96
_UNKNOWN = "(unknown)"


@dataclass(frozen=True)
class Share:
    """Of `rows` customers, with Wilson's 95 % interval."""

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class GroupRow:
    """One measure of one group, and whether it differs from that of all others (the intervals do not meet)."""

    attribute: str
    group: str
    customers: int
    share: Share
    differs: bool


@dataclass(frozen=True)
class Measure:
    """A share by group: what it is of, in words."""

    model: str  # or "offers"
    name: str
    everybody: Share
    groups: tuple[GroupRow, ...]
    not_shown: int  # groups with too few customers


def fairness_report(engine: Engine, models: Path, now: datetime) -> tuple[Measure, ...]:
    """Measures of the scores in `predictions`, of the offers of the last year, and of errors.

    Errors are those of the versions in use on the latest day whose outcome is known; they may have learned from it, so
    look at the differences between groups rather than at the level.
    """
    people = read_people(engine)
    shop = ShopSnapshot(engine, now)
    measures = [*_marked(engine, people), *_offered(engine, people, now)]
    for kind, folder in models_in_use(models):
        outcomes = known_outcomes(kind.name, shop)
        if outcomes is not None and kind.unit == "probability":
            measures += _errors(kind.load(folder), outcomes, people)
    return tuple(measures)


def share_of(hits: NDArray[np.bool_] | pd.Series[bool]) -> Share:
    """Wilson (1927), "Probable inference, the law of succession, and statistical inference"."""
    rows, value = len(hits), float(np.mean(hits)) if len(hits) else 0.0
    if not rows:
        return Share(0.0, 0.0, 1.0, 0)
    middle = (value + _Z**2 / (2 * rows)) / (1 + _Z**2 / rows)
    half = _Z / (1 + _Z**2 / rows) * float(np.sqrt(value * (1 - value) / rows + _Z**2 / (4 * rows**2)))
    return Share(value, max(middle - half, 0.0), min(middle + half, 1.0), rows)


def by_group(model: str, name: str, hits: pd.Series[bool], people: pd.DataFrame) -> Measure:
    """A share by each attribute.

    Args:
        hits: bool, by customer_id.
        people: the ATTRIBUTES of the customers, by customer_id.
    """
    groups: list[GroupRow] = []
    small = 0
    values = hits.to_numpy(dtype=bool)
    for attribute in ATTRIBUTES:
        belongs = people[attribute].reindex(hits.index).fillna(_UNKNOWN).to_numpy(dtype=object)
        for group in sorted(set(belongs)):
            inside = belongs == group
            if inside.sum() < FEWEST:
                small += 1
                continue
            share, rest = share_of(values[inside]), share_of(values[~inside])
            differs = rest.rows >= FEWEST and (share.high < rest.low or share.low > rest.high)
            groups.append(GroupRow(attribute, str(group), int(inside.sum()), share, differs))
    return Measure(model, name, share_of(values), tuple(groups), small)


def read_people(engine: Engine) -> pd.DataFrame:
    """The ATTRIBUTES of all customers, by customer_id."""
    with reading(engine) as connection:
        rows = connection.execute(select(customers.c.customer_id, *(customers.c[name] for name in ATTRIBUTES))).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["customer_id", *ATTRIBUTES])
    return frame.set_index("customer_id").replace("", None)


def _marked(engine: Engine, people: pd.DataFrame) -> list[Measure]:
    """Of the models that put customers into an order: how many get the label that something follows from."""
    with reading(engine) as connection:
        rows = connection.execute(select(predictions.c.customer_id, predictions.c.model, predictions.c.label)).all()
    scored = pd.DataFrame([tuple(row) for row in rows], columns=["customer_id", "model", "label"])
    measures = []
    for model, label in _MARKS.items():
        mine = scored[scored["model"] == model].set_index("customer_id")["label"]
        if len(mine) >= FEWEST:
            measures.append(by_group(model, f"marked {label.replace('_', ' ')}", mine == label, people))
    return measures


_MARKS: Mapping[str, str] = {"churn": "at_risk", "value": "high", "uplift": "persuadable"}


def _offered(engine: Engine, people: pd.DataFrame, now: datetime) -> list[Measure]:
    query = select(offers.c.customer_id, offers.c.kind, offers.c.status).where(
        offers.c.created_at >= now - OFFERS_WITHIN, offers.c.created_at < now
    )
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    made = pd.DataFrame([tuple(row) for row in rows], columns=["customer_id", "kind", "status"])
    measures = []
    for kind in sorted(set(made["kind"])):
        mine = made[made["kind"] == kind]
        got = people.index.to_series().isin(mine["customer_id"])
        measures.append(by_group("offers", f"got a {kind} offer within a year", got, people))
        decided = mine[mine["status"].isin(["accepted", "declined"])].set_index("customer_id")["status"]
        if len(decided) >= FEWEST:
            measures.append(by_group("offers", f"accepted a {kind} offer", decided == "accepted", people))
    return measures


def _errors(model: CustomerModel, outcomes: pd.DataFrame, people: pd.DataFrame) -> list[Measure]:
    marked = model.label(outcomes) == model.labels[0]
    truth = outcomes[OUTCOME] > 0.5
    name = model.labels[0].replace("_", " ")
    told: list[tuple[str, Any, Any]] = [
        (f"overlooked: not marked {name}, and it came so", truth, ~marked),
        (f"false alarms: marked {name}, and it did not", ~truth, marked),
    ]
    return [
        by_group(model.name, words, wrong[chosen], people) for words, chosen, wrong in told if chosen.sum() >= FEWEST
    ]

"""What came of each exposure, once it can be known.

A customer counts from the day on which the last of their `within_days` days has passed, with everything that happened
in them: the outcome of a customer who counts never changes, and who counts at a look is a matter of when they were
exposed alone. Counting the others by what they did so far would compare customers with different times to act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from crm_models.experiments.experiment import Experiment, Metric
from crm_models.experiments.sequences import Arm
from crm_models.offers import ACCEPTED
from crm_models.order_margins import Margin, order_margins
from crm_models.order_records import OrderStatus
from crm_models.tables import complaints, customer_links, exposures, offers, orders
from crm_models.view.person import LINKED


@dataclass(frozen=True)
class _Event:
    at: datetime
    value: float
    undone_at: datetime | None = None
    settled_at: datetime | None = None  # when it became what is counted, where that was later, such as the yes to it

    def counts(self, start: datetime, until: datetime) -> bool:
        """Whether it happened in this time and was not undone in it: what is undone later changes nothing."""
        in_time = start <= self.at and (self.settled_at or self.at) < until
        return in_time and (self.undone_at is None or self.undone_at >= until)


@dataclass(frozen=True)
class Exposed:
    """A person at the moment of the first exposure."""

    person_id: str
    variant: str
    exposed_at: datetime


def read_exposed(connection: Connection, experiment: Experiment) -> list[Exposed]:
    """Who was exposed while it ran, in order of time; records that are one person count once, by the first."""
    query = (
        select(exposures.c.customer_id, exposures.c.variant, exposures.c.exposed_at)
        .where(exposures.c.experiment_id == experiment.experiment_id)
        .order_by(exposures.c.exposed_at, exposures.c.customer_id)
    )
    if experiment.stopped_at is not None:
        query = query.where(exposures.c.exposed_at < experiment.stopped_at)
    return first_of_persons(connection, [Exposed(*row) for row in connection.execute(query)])


def first_of_persons(connection: Connection, exposed: Iterable[Exposed]) -> list[Exposed]:
    """Each person once, by the first of their records that comes."""
    persons = persons_of(connection)
    found: dict[str, Exposed] = {}
    for each in exposed:
        person_id = persons.get(each.person_id, each.person_id)
        found.setdefault(person_id, replace(each, person_id=person_id))
    return list(found.values())


def outcomes_of(
    connection: Connection,
    exposed: Sequence[Exposed],
    metric: Metric,
    within_days: int,
    now: datetime,
    margin: Margin,
) -> list[tuple[str, float]]:
    """Variant and outcome of each person whose days have passed at `now`, in the order of `exposed`.

    Args:
        margin: of a product line; asked only where the metric counts it.
    """
    window = timedelta(days=within_days)
    ripe = [each for each in exposed if each.exposed_at + window <= now]
    if not ripe:
        return []
    happened = _events(connection, metric, min(each.exposed_at for each in ripe), margin)
    found = []
    for each in ripe:
        until = each.exposed_at + window
        values = [event.value for event in happened.get(each.person_id, ()) if event.counts(each.exposed_at, until)]
        found.append((each.variant, _counted(metric, values)))
    return found


def arms_of(outcomes: Iterable[tuple[str, float]]) -> dict[str, Arm]:
    """The outcomes of each variant together."""
    by_variant: dict[str, list[float]] = defaultdict(list)
    for variant, value in outcomes:
        by_variant[variant].append(value)
    return {variant: arm_of(values) for variant, values in by_variant.items()}


def arm_of(values: Sequence[float]) -> Arm:
    count = len(values)
    mean = sum(values) / count if count else 0.0
    variance = sum((value - mean) ** 2 for value in values) / (count - 1) if count > 1 else 0.0
    return Arm(count, mean, variance, sum(value != 0 for value in values))


def _counted(metric: Metric, values: Sequence[float]) -> float:
    if metric is Metric.MARGIN:
        return sum(values)
    happened = bool(values)
    return float(not happened if metric is Metric.CHURN else happened)


def _events(connection: Connection, metric: Metric, since: datetime, margin: Margin) -> dict[str, list[_Event]]:
    """By person, what the metric counts from `since` on."""
    if metric is Metric.ACCEPTED:
        rows = _accepted(connection, since)
    elif metric is Metric.COMPLAINT:
        rows = _complained(connection, since)
    else:
        rows = _orders(connection, since, margin if metric is Metric.MARGIN else None)
    persons, found = persons_of(connection), defaultdict(list)
    for customer_id, event in rows:
        found[persons.get(customer_id, customer_id)].append(event)
    return found


def _accepted(connection: Connection, since: datetime) -> list[tuple[str, _Event]]:
    query = select(offers.c.customer_id, offers.c.created_at, offers.c.answered_at).where(
        offers.c.created_at >= since, offers.c.status == ACCEPTED
    )
    return [
        (row.customer_id, _Event(row.created_at, 1.0, settled_at=row.answered_at)) for row in connection.execute(query)
    ]


def _complained(connection: Connection, since: datetime) -> list[tuple[str, _Event]]:
    query = select(complaints.c.customer_id, complaints.c.created_at).where(
        complaints.c.created_at >= since, complaints.c.customer_id.is_not(None)
    )
    return [(customer_id, _Event(at, 1.0)) for customer_id, at in connection.execute(query)]


def _orders(connection: Connection, since: datetime, margin: Margin | None) -> list[tuple[str, _Event]]:
    """With what they earned in the shop's currency, where a margin is given."""
    # a shop that does not say when an order was cancelled: as if it had never been
    known = or_(orders.c.status != OrderStatus.CANCELLED.value, orders.c.cancelled_at.is_not(None))
    which = (orders.c.placed_at >= since, known)
    margins = {} if margin is None else order_margins(connection, margin, *which)
    columns = (orders.c.order_id, orders.c.customer_id, orders.c.placed_at, orders.c.cancelled_at)
    return [
        (row.customer_id, _Event(row.placed_at, margins.get(row.order_id, 0.0) / 100, row.cancelled_at))
        for row in connection.execute(select(*columns).where(*which))
    ]


def persons_of(connection: Connection) -> dict[str, str]:
    """Of each customer that links join to others, the customer that names the person, as `person_of` does."""
    group: dict[str, set[str]] = {}
    query = select(customer_links.c.left_id, customer_links.c.right_id).where(customer_links.c.status == LINKED)
    for left, right in connection.execute(query):
        both = group.get(left, {left}) | group.get(right, {right})
        for each in both:
            group[each] = both
    return {customer_id: min(each) for customer_id, each in group.items()}

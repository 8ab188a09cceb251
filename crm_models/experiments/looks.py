"""Looks that were recorded, and what a look may end: an experiment that breaks a guardrail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection, Engine

from crm_models.database import reading
from crm_models.experiments.analysis import Comparison, Look, look
from crm_models.experiments.experiment import Experiment, Metric, Status
from crm_models.experiments.store import find_experiment, list_experiments, stop_experiment
from crm_models.experiments.words import harm_in_words
from crm_models.order_margins import Margin
from crm_models.shop_policy import read_facts
from crm_models.tables import experiment_looks

EVERY = timedelta(hours=24)


@dataclass(frozen=True)
class RecordedLook:
    metric: Metric
    variant: str
    customers: int
    effect: float
    low: float
    high: float
    looked_at: datetime


def record_look(connection: Connection, found: Look) -> Look:
    """Keep the intervals of a running experiment, and stop it when a guardrail is broken.

    Looking changes nothing about the level, so it may be done at any time by anybody. It is two steps, so that nobody
    who writes has to wait while the outcomes are read.

    Returns:
        The look, of the experiment as it is afterwards.
    """
    experiment = find_experiment(connection, found.experiment.experiment_id)
    if experiment.status is Status.RUNNING:
        rows = [_row(experiment, each, found.at) for each in found.comparisons if each.interval is not None]
        if rows:
            connection.execute(insert(experiment_looks), rows)
        if found.harm is not None:
            stop_experiment(
                connection,
                experiment.experiment_id,
                harm_in_words(found.harm, read_facts(connection).currency),
                found.at,
            )
            experiment = find_experiment(connection, experiment.experiment_id)
    return replace(found, experiment=experiment)


def look_and_record(engine: Engine, experiment: Experiment, now: datetime, margin: Margin) -> Look:
    """A look that is kept."""
    with reading(engine) as connection:
        found = look(connection, experiment, now, margin)
    with engine.begin() as connection:
        return record_look(connection, found)


def look_at_due(engine: Engine, now: datetime, margin: Margin) -> list[Look]:
    """Look at every running experiment that nobody looked at within a day."""
    with reading(engine) as connection:
        due = due_looks(connection, now)
    return [look_and_record(engine, each, now, margin) for each in due]


def due_looks(connection: Connection, now: datetime) -> list[Experiment]:
    """Running experiments that nobody looked at within a day."""
    last = dict(
        connection.execute(
            select(experiment_looks.c.experiment_id, func.max(experiment_looks.c.looked_at)).group_by(
                experiment_looks.c.experiment_id
            )
        ).all()
    )
    running = list_experiments(connection, running=True)
    return [each for each in running if last.get(each.experiment_id, each.started_at) + EVERY <= now]


def read_looks(connection: Connection, experiment_id: str) -> Sequence[RecordedLook]:
    """In order of time."""
    query = (
        select(*(experiment_looks.c[name] for name in RecordedLook.__dataclass_fields__))
        .where(experiment_looks.c.experiment_id == experiment_id)
        .order_by(experiment_looks.c.looked_at, experiment_looks.c.look_id)
    )
    return [RecordedLook(**{**row._mapping, "metric": Metric(row.metric)}) for row in connection.execute(query)]


def _row(experiment: Experiment, comparison: Comparison, now: datetime) -> dict[str, object]:
    assert comparison.interval is not None
    return {
        "experiment_id": experiment.experiment_id,
        "metric": comparison.metric.value,
        "variant": comparison.variant,
        "customers": comparison.customers,
        "effect": comparison.interval.effect,
        "low": comparison.interval.low,
        "high": comparison.interval.high,
        "looked_at": now,
    }

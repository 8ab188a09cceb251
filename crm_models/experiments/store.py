"""Experiments in the database: started in a part of a layer that is free, found, stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import Connection, Row

from crm_models.errors import BadExperiment, UnknownExperiment
from crm_models.experiments.design import Design
from crm_models.experiments.experiment import Experiment, Guardrail, Metric, Status, Subject, Variant, keys_of
from crm_models.tables import experiments

_LEAST_PART = 1e-9  # of a layer; less than that is a rounding error, not room


def start_experiment(connection: Connection, design: Design, planned_customers: int, now: datetime) -> Experiment:
    """Start it in the first part of its layer that has room.

    Raises:
        BadExperiment: the name is taken, the layer is full, or a running experiment changes the same.
    """
    if connection.dialect.name == "postgresql":  # on SQLite the transaction that writes is alone in any case
        connection.execute(text("LOCK TABLE experiments IN SHARE ROW EXCLUSIVE MODE"))
    known = list_experiments(connection)
    if design.name in {each.experiment_id for each in known}:
        raise BadExperiment(
            f"There was an experiment {design.name} already, and its figures are kept; choose another name."
        )
    running = [each for each in known if each.status is Status.RUNNING]
    variants = design.drawn()
    _refuse_same_settings(design, keys_of(design.subject, variants), running)
    start = _room(design, [(each.layer_from, each.layer_to) for each in running if each.layer == design.in_layer])
    connection.execute(
        insert(experiments).values(
            experiment_id=design.name,
            subject=design.subject.value,
            hypothesis=design.hypothesis,
            variants=[{"name": each.name, "share": each.share, "settings": dict(each.settings)} for each in variants],
            layer=design.in_layer,
            layer_from=start,
            layer_to=min(1.0, start + design.traffic),
            metric=design.metric.value,
            within_days=design.within_days,
            level=design.level,
            planned_customers=planned_customers,
            smallest_effect=design.smallest_effect,
            guardrails=[
                {"metric": each.metric.value, "worse_by": each.worse_by, "within_days": each.within_days}
                for each in design.guards()
            ],
            status=Status.RUNNING.value,
            started_at=now,
        )
    )
    return find_experiment(connection, design.name)


def stop_experiment(connection: Connection, experiment_id: str, because: str, now: datetime) -> bool:
    """Nobody gets its variants from now on. False when it was stopped before."""
    find_experiment(connection, experiment_id)
    stopped = connection.execute(
        update(experiments)
        .where(experiments.c.experiment_id == experiment_id, experiments.c.status == Status.RUNNING.value)
        .values(status=Status.STOPPED.value, stopped_at=now, stopped_because=because[:160])
    )
    return bool(stopped.rowcount)


def find_experiment(connection: Connection, experiment_id: str) -> Experiment:
    """Raises UnknownExperiment."""
    row = connection.execute(select(experiments).where(experiments.c.experiment_id == experiment_id)).one_or_none()
    if row is None:
        raise UnknownExperiment(f"There is no experiment {experiment_id!r}; `rapport experiment list` names them.")
    return _experiment(row)


def list_experiments(connection: Connection, *, running: bool = False) -> list[Experiment]:
    """All, or those that run; the newest first."""
    query = select(experiments).order_by(experiments.c.started_at.desc(), experiments.c.experiment_id)
    if running:
        query = query.where(experiments.c.status == Status.RUNNING.value)
    return [_experiment(row) for row in connection.execute(query)]


def _refuse_same_settings(design: Design, keys: frozenset[str], running: list[Experiment]) -> None:
    """Two experiments of different layers share customers, so they must not change the same thing."""
    for other in running:
        both = sorted(keys & other.keys)
        if design.subject is other.subject and design.in_layer != other.layer and both:
            raise BadExperiment(
                f"{other.experiment_id} is running and changes {both[0]} too, in the layer {other.layer}. "
                f"Put this one into the same layer, so that no customer is in both."
            )


def _room(design: Design, taken: list[tuple[float, float]]) -> float:
    """Where the first part begins that is free and large enough."""
    start, free = 0.0, []
    for low, high in [*sorted(taken), (1.0, 1.0)]:
        free.append((low - start, start))
        start = max(start, high)
    for size, begins in free:
        if size >= design.traffic - _LEAST_PART:
            return begins
    largest = max(size for size, _ in free)
    left = f"at most {largest:.0%} of its customers in one part" if largest > _LEAST_PART else "nothing"
    raise BadExperiment(
        f"The layer {design.in_layer} has no room for {design.traffic:.0%} of its customers: {left} is left. "
        "Ask for less traffic, wait for another experiment to stop, or name another layer."
    )


def _experiment(row: Row) -> Experiment:
    values: dict[str, Any] = dict(row._mapping)
    return Experiment(
        **{
            **values,
            "subject": Subject(row.subject),
            "variants": tuple(Variant(**each) for each in row.variants),
            "metric": Metric(row.metric),
            "guardrails": tuple(
                Guardrail(Metric(each["metric"]), each["worse_by"], each["within_days"]) for each in row.guardrails
            ),
            "status": Status(row.status),
        }
    )

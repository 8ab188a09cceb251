"""A/A experiments in a shop's database, by the code that serves: hash, exposures, orders, one look a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.database import create_engine, migrate
from crm_models.experiments.analysis import look
from crm_models.experiments.assignment import variant_of
from crm_models.experiments.design import parse_design
from crm_models.experiments.experiment import Experiment
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.store import start_experiment
from crm_models.tables import customers, exposures, orders

PEOPLE, EXPOSED_DAYS, WITHIN = 1500, 40, 7
_START = datetime(2026, 3, 2, 8)
_ORDERS_A_DAY = 0.02  # chance that a customer orders on a day


def _no_margin(_line: str | None) -> float:
    """Whether somebody ordered is looked at; what the order earned is not."""
    return 0.0


def alarms_in_a_shop(count: int, level: float, seed: int, progress: Callable[[int, int], None] | None = None) -> float:
    """Share of experiments without any effect that raise an alarm at a daily look."""
    engine = create_engine("sqlite://")
    migrate(engine)
    rng = np.random.default_rng(seed)
    people = [f"C-{number:06d}" for number in range(PEOPLE)]
    alarms = 0
    with engine.begin() as connection:
        _fill(connection, people, rng)
        for number in range(count):
            if progress is not None:
                progress(number, count)
            experiment = _start(connection, number, level)
            _expose(connection, experiment, people, rng)
            days = range(1, EXPOSED_DAYS + WITHIN + 1)
            alarms += any(_alarms(connection, experiment, _START + timedelta(days=day)) for day in days)
            connection.execute(exposures.delete())
    engine.dispose()
    return alarms / count


def _fill(connection: Connection, people: list[str], rng: np.random.Generator) -> None:
    connection.execute(
        insert(customers),
        [{"customer_id": each, "language": "en", "tier": "basic", "created_at": _START} for each in people],
    )
    days = EXPOSED_DAYS + WITHIN
    ordered = np.argwhere(rng.random((len(people), days)) < _ORDERS_A_DAY)
    minutes = rng.integers(0, 1440, len(ordered))
    connection.execute(
        insert(orders),
        [
            {
                "order_id": f"O-{number}",
                "customer_id": people[person],
                "status": "delivered",
                "placed_at": _START + timedelta(days=int(day), minutes=int(minute)),
                "items_modified": False,
                "shipping_cents": 0,
                "discount_cents": 0,
            }
            for number, ((person, day), minute) in enumerate(zip(ordered, minutes, strict=True))
        ],
    )


def _start(connection: Connection, number: int, level: float) -> Experiment:
    design = parse_design(
        {
            "name": f"aa-{number}",
            "subject": "offer",
            "hypothesis": "made up: both variants are the same",
            "variants": [{"name": "control"}, {"name": "variant", "settings": {f"nothing_{number}": 1}}],
            "metric": "ordered",
            "within_days": WITHIN,
            "smallest_effect": 0.05,
            "level": level,
            "layer": f"aa-{number}",
        }
    )
    return start_experiment(connection, design, PEOPLE, _START)


def _expose(connection: Connection, experiment: Experiment, people: list[str], rng: np.random.Generator) -> None:
    minutes = rng.integers(0, EXPOSED_DAYS * 1440, len(people))
    shown = []
    for person, minute in zip(people, minutes, strict=True):
        variant = variant_of(experiment, person, 0.0)
        assert variant is not None
        at = _START + timedelta(minutes=int(minute))
        shown.append(Exposure(experiment.experiment_id, person, variant.name, None, at))
    log_exposures(connection, shown)


def _alarms(connection: Connection, experiment: Experiment, now: datetime) -> bool:
    interval = look(connection, experiment, now, _no_margin).comparisons[0].interval
    return interval is not None and not interval.low <= 0.0 <= interval.high

"""Running experiments are looked at without anybody asking."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.engine import Engine

from bot.cli.daily_looks import look_daily
from bot.cli.shop import utc_now
from crm_models.database import create_engine, migrate
from crm_models.experiments.design import parse_design
from crm_models.experiments.experiment import Status
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.store import find_experiment, start_experiment
from crm_models.tables import complaints, customers

EACH = 80
BEGAN = utc_now() - timedelta(days=20)


def start_harmful(engine: Engine) -> None:
    """An experiment in which half of the variant's customers complained, and nobody of the control."""
    design = parse_design(
        {
            "name": "harmful",
            "subject": "reply",
            "hypothesis": "made up for this test",
            "variants": [{"name": "control"}, {"name": "other", "settings": {"utter_a": "utter_a_b"}}],
            "metric": "ordered",
            "within_days": 14,
            "smallest_effect": 0.05,
            "guardrails": [{"metric": "complaint", "worse_by": 0.02, "within_days": 7}],
        }
    )
    people = [f"C-{number}" for number in range(2 * EACH)]
    with engine.begin() as connection:
        start_experiment(connection, design, 1000, BEGAN)
        connection.execute(insert(customers), [{"customer_id": each, "created_at": BEGAN} for each in people])
        variants = ["control"] * EACH + ["other"] * EACH
        shown = [Exposure("harmful", each, name, None, BEGAN) for each, name in zip(people, variants, strict=True)]
        log_exposures(connection, shown)
        angry = [{"customer_id": each, "topic": "late", "created_at": BEGAN} for each in people[EACH : EACH * 3 // 2]]
        connection.execute(insert(complaints), angry)


def test_a_guardrail_stops_an_experiment_that_nobody_looks_at(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/rapport.db")
    migrate(engine)
    start_harmful(engine)
    stopping = threading.Event()
    thread = threading.Thread(target=look_daily, args=(engine, lambda line: 0.35, stopping))
    thread.start()
    until = time.monotonic() + 30
    status = Status.RUNNING
    while status is Status.RUNNING and time.monotonic() < until:
        time.sleep(0.05)
        with engine.connect() as connection:
            status = find_experiment(connection, "harmful").status
    stopping.set()
    thread.join(timeout=30)
    assert status is Status.STOPPED and not thread.is_alive()
    engine.dispose()


def test_a_database_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/empty.db")  # never migrated
    stopping = threading.Event()
    thread = threading.Thread(target=look_daily, args=(engine, lambda line: 0.35, stopping))
    thread.start()
    thread.join(timeout=0.5)
    assert thread.is_alive()
    stopping.set()
    thread.join(timeout=30)
    assert not thread.is_alive()

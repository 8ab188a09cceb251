"""An experiment over a small crowd, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.experiments.design import Design, parse_design
from crm_models.experiments.experiment import Experiment
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.store import start_experiment
from crm_models.tables import complaints, customers, offers, order_lines, orders

START = datetime(2026, 4, 1, 9)


def written(**changes: Any) -> dict[str, Any]:
    """A design as it is typed, with changes."""
    return {
        "name": "warm-points",
        "subject": "reply",
        "hypothesis": "Points told as a discount lead to orders",
        "variants": [
            {"name": "control"},
            {"name": "warm", "settings": {"utter_loyalty_points": "utter_loyalty_points_as_discount"}},
        ],
        "metric": "ordered",
        "within_days": 14,
        "smallest_effect": 0.05,
        "baseline": 0.2,
        **changes,
    }


def design(**changes: Any) -> Design:
    return parse_design(written(**changes))


def started(connection: Connection, planned: int = 1000, **changes: Any) -> Experiment:
    return start_experiment(connection, design(**changes), planned, START)


def crowd(connection: Connection, count: int, prefix: str = "K") -> list[str]:
    """So many new customers."""
    names = [f"{prefix}-{number:05d}" for number in range(count)]
    connection.execute(
        insert(customers),
        [
            {"customer_id": each, "language": "en", "tier": "basic", "created_at": datetime(2025, 1, 1)}
            for each in names
        ],
    )
    return names


def expose(
    connection: Connection, experiment: Experiment, people: Sequence[str], variant: str, at: datetime = START
) -> None:
    log_exposures(connection, [Exposure(experiment.experiment_id, each, variant, None, at) for each in people])


def order(
    connection: Connection,
    person: str,
    at: datetime,
    cents: int = 5000,
    cancelled: datetime | None = None,
    *,
    line: str = "KETTLE-RED",
    discount: int = 0,
) -> None:
    order_id = f"O-{person}-{at:%d%H%M}"
    status = "delivered" if cancelled is None else "cancelled"
    connection.execute(
        insert(orders).values(
            order_id=order_id,
            customer_id=person,
            status=status,
            placed_at=at,
            cancelled_at=cancelled,
            discount_cents=discount,
        )
    )
    connection.execute(insert(order_lines).values(order_id=order_id, item_id=line, quantity=1, price_cents=cents))


def accept(
    connection: Connection, person: str, at: datetime, status: str = "accepted", answered: datetime | None = None
) -> None:
    row = {"kind": "retention", "reason": "price", "status": status, "created_at": at, "answered_at": answered}
    connection.execute(insert(offers).values(customer_id=person, **row))


def complain(connection: Connection, people: Sequence[str], at: datetime) -> None:
    connection.execute(
        insert(complaints),
        [{"customer_id": each, "topic": "late", "status": "open", "created_at": at} for each in people],
    )


def after(days: float) -> datetime:
    return START + timedelta(days=days)

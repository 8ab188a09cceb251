"""Who was shown which variant: noted when it is shown for the first time, not when it is assigned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from crm_models.tables import exposures


@dataclass(frozen=True)
class Exposure:
    experiment_id: str
    customer_id: str  # names the person, where several customers are one
    variant: str
    conversation_id: str | None
    exposed_at: datetime


def log_exposures(connection: Connection, shown: Iterable[Exposure]) -> None:
    """Note those that are new; the first of a person stays, also when two conversations come at the same moment."""
    rows = [asdict(each) for each in shown]
    if rows:
        # SQLAlchemy 1.4 has this insert for each database by itself
        kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(kind.insert(exposures).on_conflict_do_nothing(), rows)

"""Writing many rows, and asking about many, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table, insert
from sqlalchemy.engine import Connection

from crm_models.view.importing import Progress

BATCH = 5000
ASKED = 500  # values of one question: databases limit them
T = TypeVar("T")


def write(connection: Connection, table: Table, rows: list[dict[str, Any]], say: Progress | None = None) -> int:
    """Insert rows that all have the same columns; how many."""
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(table), rows[start : start + BATCH])
        if say is not None:
            say(table.name, min(start + BATCH, len(rows)), len(rows))
    return len(rows)


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """At most `ASKED` at a time."""
    for start in range(0, len(values), ASKED):
        yield values[start : start + ASKED]

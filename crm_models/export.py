"""What was logged, as rows for a file: personal data masked unless somebody may see it.

A masked text can still be read: what identifies the customer is replaced, see `crm_models.masking`.
Times are UTC; a range of days includes both ends. Rows come oldest first.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, Text, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from crm_models.errors import BadExport
from crm_models.masking import mask_text
from crm_models.tables import conversations, customers, escalations, feedback, messages, personal_columns

MASK = "[masked]"
# With one of these and two facts a stranger may ask about the order.
_NAMES_AN_ORDER = frozenset({"claimed_order_id"})
_BATCH = 5000


class Export(StrEnum):
    """What can be exported."""

    CONVERSATIONS = "conversations"
    MESSAGES = "messages"
    FEEDBACK = "feedback"


class Format(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class _Source:
    table: Table
    happened: Column[Any]
    key: Column[Any]


_SOURCES = {
    Export.CONVERSATIONS: _Source(conversations, conversations.c.started_at, conversations.c.conversation_id),
    Export.MESSAGES: _Source(messages, messages.c.created_at, messages.c.message_id),
    Export.FEEDBACK: _Source(feedback, feedback.c.created_at, feedback.c.feedback_id),
}


def column_names(what: Export) -> list[str]:
    """The columns of an export, in order."""
    return [column.name for column in _query(what).selected_columns]


def export_rows(
    connection: Connection, what: Export, since: date | None, until: date | None, *, clear: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Rows as in `column_names`; JSON as text.

    Args:
        since, until: first and last day, None for no limit.
        clear: everything as it is; otherwise personal texts are masked, and other personal values are MASK.
    """
    source = _SOURCES[what]
    query = _query(what)
    columns = list(query.selected_columns)
    personal = set() if clear else set(personal_columns(source.table)) | _NAMES_AN_ORDER
    texts = any(_is_text(column) for column in columns if column.name in personal)
    if texts:
        query = _with_customer(query, source.table)
    query = query.order_by(source.happened, source.key)
    if since is not None:
        query = query.where(source.happened >= datetime.combine(since, time()))
    if until is not None:
        query = query.where(source.happened < datetime.combine(until + timedelta(days=1), time()))
    for row in connection.execution_options(stream_results=True).execute(query).yield_per(_BATCH):
        known = row[len(columns) :]
        yield tuple(
            _masked(column, value, known) if column.name in personal else _cell(value)
            for column, value in zip(columns, row, strict=False)
        )


def write_file(path: Path, form: Format, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Write rows to a file, as a whole or not at all; returns how many.

    Raises:
        BadExport: the file cannot be written there.
    """
    if path.is_dir():
        raise BadExport(f"{path} is a folder; name a file to write to.")
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            written = _write_csv(aside, columns, rows) if form is Format.CSV else _write_parquet(aside, columns, rows)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise BadExport(f"{path} cannot be written: {error.strerror or error}. Name another file.") from error
    return written


def _query(what: Export) -> Select:
    if what is not Export.CONVERSATIONS:
        return select(_SOURCES[what].table)
    of_this = messages.c.conversation_id == conversations.c.conversation_id
    handed_over = escalations.c.conversation_id == conversations.c.conversation_id
    return select(
        conversations,
        select(func.count()).where(of_this).scalar_subquery().label("messages"),
        select(func.avg(messages.c.sentiment)).where(of_this).scalar_subquery().label("sentiment"),
        select(func.count()).where(handed_over).scalar_subquery().label("escalations"),
    )


def _with_customer(query: Select, table: Table) -> Select:
    """The query with what the shop knows of the row's customer, or the conversation's, in further columns."""
    owner = func.coalesce(table.c.customer_id, conversations.c.customer_id)
    known = [customers.c[name].label(f"known_{name}") for name in personal_columns(customers)]
    return query.add_columns(*known).select_from(
        table.outerjoin(conversations, conversations.c.conversation_id == table.c.conversation_id).outerjoin(
            customers, customers.c.customer_id == owner
        )
    )


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, Text)


def _masked(column: Column[Any], value: Any, known: Sequence[Any]) -> Any:
    if value is None:
        return None
    return mask_text(value, known) if _is_text(column) else MASK


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_harmless(value) for value in row])
            count += 1
    return count


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept from it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _write_parquet(path: Path, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    schema = pyarrow.schema([(name, _parquet_type(name, pyarrow)) for name in columns])
    count = 0
    rest = iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(rest, _BATCH)):
            writer.write_table(
                pyarrow.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in batch], schema=schema)
            )
            count += len(batch)
    return count


_TIMES = frozenset({"started_at", "last_message_at", "trust_until", "created_at"})
_WHOLE = frozenset({"message_id", "feedback_id", "staff_id", "rating", "messages", "escalations"})
_REAL = frozenset({"sentiment", "latency_ms"})


def _parquet_type(name: str, pyarrow: Any) -> Any:
    if name in _TIMES:
        return pyarrow.timestamp("us")
    if name in _WHOLE:
        return pyarrow.int64()
    return pyarrow.float64() if name in _REAL else pyarrow.string()

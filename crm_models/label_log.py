"""Logged messages of customers as material to learn from: what was understood, and how it went on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from crm_models.tables import conversations, customers, escalations, feedback, messages, personal_columns

# A rating up to this one, or a comment in this mood, is an unhappy one.
_UNHAPPY_RATING = 2
_UNHAPPY_MOOD = -0.3
_BATCH = 2000


@dataclass(frozen=True)
class LoggedMessage:
    """A message that a customer typed."""

    message_id: int
    conversation_id: str
    text: str
    intent: str
    intent_set: tuple[tuple[str, float], ...]
    """What may have been meant, with confidence, best first; never empty."""
    created_at: datetime
    known: Mapping[str, str]
    """Personal values of the customer by column, as the shop knows them."""
    chosen: str | None = None
    """The intent that the customer pressed right afterwards, where the bot had asked."""
    escalated: bool = False
    """A person was brought in before the customer had written twice more."""
    unhappy: bool = False
    """The conversation was rated badly afterwards."""


def logged_messages(connection: Connection, since: date | None = None) -> Iterator[LoggedMessage]:
    """Everything that customers typed since that day (UTC), by conversation, oldest first.

    Pressed buttons are no typed messages: they carry an intent and no set.
    """
    query = _typed().order_by(messages.c.conversation_id, messages.c.created_at, messages.c.message_id)
    if since is not None:
        query = query.where(messages.c.created_at >= datetime.combine(since, time()))
    brought_in = _times(connection, escalations)
    rated = _times(connection, feedback, _is_unhappy())
    rows = connection.execution_options(stream_results=True).execute(query).mappings().yield_per(_BATCH)
    for conversation_id, group in groupby(rows, key=lambda row: row["conversation_id"]):
        said = list(group)
        for place, row in enumerate(said):
            if row["intent_set"] and row["text"]:
                yield _message(
                    row, said[place + 1 :], brought_in.get(conversation_id, ()), rated.get(conversation_id, ())
                )


def messages_by_id(connection: Connection, ids: Collection[int]) -> dict[int, LoggedMessage]:
    """The typed messages with these numbers; how they went on is left open."""
    found: dict[int, LoggedMessage] = {}
    numbers = sorted(ids)
    for start in range(0, len(numbers), 500):
        query = _typed().where(messages.c.message_id.in_(numbers[start : start + 500]))
        for row in connection.execute(query).mappings():
            if row["intent_set"] and row["text"]:
                found[row["message_id"]] = _message(row, (), (), ())
    return found


def _typed() -> Select:
    owner = func.coalesce(messages.c.customer_id, conversations.c.customer_id)
    known = [customers.c[name].label(f"known_{name}") for name in personal_columns(customers)]
    return (
        select(messages, *known)
        .select_from(
            messages.outerjoin(conversations, conversations.c.conversation_id == messages.c.conversation_id).outerjoin(
                customers, customers.c.customer_id == owner
            )
        )
        .where(messages.c.author == "customer")
    )


def _message(
    row: Mapping[str, Any],
    later: Sequence[Mapping[str, Any]],
    brought_in: Sequence[datetime],
    rated: Sequence[datetime],
) -> LoggedMessage:
    likely = tuple((str(each["name"]), float(each["confidence"])) for each in row["intent_set"])
    pressed = later[0] if later and not later[0]["intent_set"] else None
    chosen = pressed["intent"] if pressed is not None and pressed["intent"] in dict(likely) else None
    until = later[1]["created_at"] if len(later) > 1 else datetime.max
    columns = personal_columns(customers)
    return LoggedMessage(
        message_id=row["message_id"],
        conversation_id=row["conversation_id"],
        text=row["text"],
        intent=row["intent"] or likely[0][0],
        intent_set=likely,
        created_at=row["created_at"],
        known={name: row[f"known_{name}"] for name in columns if row[f"known_{name}"]},
        chosen=chosen,
        escalated=any(row["created_at"] <= moment < until for moment in brought_in),
        unhappy=any(row["created_at"] <= moment for moment in rated),
    )


def _is_unhappy() -> Any:
    return (feedback.c.rating <= _UNHAPPY_RATING) | (feedback.c.sentiment <= _UNHAPPY_MOOD)


def _times(connection: Connection, table: Any, condition: Any = None) -> dict[str, list[datetime]]:
    """When something happened in each conversation."""
    query = select(table.c.conversation_id, table.c.created_at).where(table.c.conversation_id.is_not(None))
    if condition is not None:
        query = query.where(condition)
    found: dict[str, list[datetime]] = {}
    for conversation_id, created_at in connection.execute(query):
        found.setdefault(conversation_id, []).append(created_at)
    return found

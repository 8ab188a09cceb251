"""From the event log to the `messages` table, exactly once.

The bot's tracker store appends every event of a turn in one transaction (its `events` table). The projector reads
that table in order of `id` and writes customer, bot and staff messages. Cursor and messages are written in
one transaction, and `messages.event_id` is unique: killed at any moment, it goes on where it was; run twice, it
doubles nothing. A log that was begun anew is read from its beginning. Events that arrive by another way (a
broker's queue) go through the same `project`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from crm_models.tables import conversations, cursors, messages

logger = logging.getLogger(__name__)

CURSOR = "tracker_events"
BATCH = 500
# The bot's tracker store appends in order of `id`. Should another writer not: look back this many ids again.
OVERLAP = 50
_MESSAGE_TYPES = ("user", "bot")

_log = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255)),
    sa.Column("type_name", sa.String(255)),
    sa.Column("data", sa.Text),
)


@dataclass(frozen=True)
class Progress:
    """One step of the projector: how many events it read, how many messages were new, where it stands.

    `moved`: it stands elsewhere than before, so there may be more to read.
    """

    read: int
    written: int
    position: int
    moved: bool


def project(connection: Connection, events: Iterable[Mapping[str, Any]]) -> int:
    """Write the messages among `events` (dicts with `sender_id`, `event_id`) that are not there yet.

    An event may be among them twice. Returns the number of new rows.
    """
    rows = {row["event_id"]: row for event in events for row in _messages(event)}
    if not rows:
        return 0
    known = set(connection.execute(sa.select(messages.c.event_id).where(messages.c.event_id.in_(list(rows)))).scalars())
    new = [row for event_id, row in rows.items() if event_id not in known]
    if not new:
        return 0
    customers = _customers_of(connection, {row["conversation_id"] for row in new})
    for row in new:
        row["customer_id"] = customers.get(row["conversation_id"])
    connection.execute(sa.insert(messages), new)
    for row in new:
        connection.execute(
            sa.update(conversations)
            .where(conversations.c.conversation_id == row["conversation_id"])
            .values(last_message_at=row["created_at"])
        )
    return len(new)


def project_once(shop: Engine, log: Engine) -> Progress:
    """Read the next batch of the log after the cursor and project it, in one transaction of the shop database."""
    with shop.begin() as connection:
        before = position = _position(connection)
        batch = _read(log, position)
        if (not batch or batch[-1][0] < position) and _last_id(log) < position:
            # Another log, whose numbers begin again: reading on from here would skip what is in it.
            logger.warning("The event log ends before %s, where reading stopped: reading it from the start", position)
            position = 0
            batch = _read(log, position)
        written = project(connection, [body for _, body in batch])
        last = max([position, *(identifier for identifier, _ in batch)])
        if last != before:
            _advance(connection, before, last)
    return Progress(read=len(batch), written=written, position=last, moved=last != before)


def catch_up(shop: Engine, log: Engine) -> int:
    """Project until everything in the log has been read; returns how many messages were new."""
    written = 0
    while True:
        progress = project_once(shop, log)
        written += progress.written
        if not progress.moved:
            return written


def run(shop: Engine, log: Engine, stop: Callable[[], bool], pause_seconds: float = 0.1) -> None:
    """Project until `stop()`; a database that is away is waited for, not given up."""
    nothing_after: int | None = None  # the end of the log when all of it was read
    while not stop():
        try:
            # Looked at first, because a projection takes the shop's write lock even when nothing is new.
            end = _last_id(log)
            if end != nothing_after:
                moved = project_once(shop, log).moved
                nothing_after = None if moved else end
                if moved:
                    continue
            time.sleep(pause_seconds)
        except sa.exc.SQLAlchemyError as error:
            logger.warning("The event log could not be projected, trying again in a second: %s", error)
            time.sleep(1)


def _read(log: Engine, position: int) -> list[tuple[int, dict[str, Any]]]:
    """The next events behind `position`, in order, and once more the last few before it."""
    after = max(0, position - OVERLAP)
    query = (
        sa.select(_log.c.id, _log.c.sender_id, _log.c.data)
        .where(_log.c.id > after, _log.c.type_name.in_(_MESSAGE_TYPES))
        .order_by(_log.c.id)
        .limit(BATCH + (position - after))
    )
    with log.connect() as connection:
        if not _exists(connection):
            return []
        found = connection.execute(query).all()
    return [(row.id, {"sender_id": row.sender_id, **json.loads(row.data)}) for row in found]


def _last_id(log: Engine) -> int:
    """The highest `id` in the log, 0 when nothing is in it."""
    with log.connect() as connection:
        if not _exists(connection):
            return 0
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(_log.c.id), 0))).scalar_one())


def _exists(connection: Connection) -> bool:
    """Whether the bot has made the log yet."""
    return bool(sa.inspect(connection).has_table(_log.name))


def _position(connection: Connection) -> int:
    found = connection.execute(sa.select(cursors.c.position).where(cursors.c.name == CURSOR)).scalar()
    return int(found) if found is not None else 0


def _advance(connection: Connection, old: int, new: int) -> None:
    updated = connection.execute(
        sa.update(cursors).where(cursors.c.name == CURSOR, cursors.c.position == old).values(position=new)
    )
    if not updated.rowcount and old == 0:
        connection.execute(sa.insert(cursors).values(name=CURSOR, position=new))


def _customers_of(connection: Connection, conversation_ids: set[str]) -> dict[str, str | None]:
    rows = connection.execute(
        sa.select(conversations.c.conversation_id, conversations.c.customer_id).where(
            conversations.c.conversation_id.in_(conversation_ids)
        )
    )
    return {row.conversation_id: row.customer_id for row in rows}


def _messages(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of `messages` for one event, without the customer; none for an event that nobody said.

    Messages that were answered together stand in one event and are a row each, as they were written. What was
    understood of them is told by the last. A part of a message that is served later was said with the message.
    """
    metadata = event.get("metadata") or {}
    if event.get("event") not in _MESSAGE_TYPES or not event.get("event_id") or "part_of" in metadata:
        return []
    whole = _message(event)
    *earlier, last = metadata.get("said") or [{"text": whole["text"]}]
    unread = dict.fromkeys(("intent", "intent_set", "sentiment"))
    rows = [
        {**whole, **unread, "text": each["text"], "event_id": f"{whole['event_id']}/{number}"}
        for number, each in enumerate(earlier, start=1)
    ]
    return [*rows, {**whole, "text": last["text"]}]


def _message(event: Mapping[str, Any]) -> dict[str, Any]:
    metadata = event.get("metadata") or {}
    row: dict[str, Any] = {
        "event_id": event["event_id"],
        "conversation_id": event["sender_id"],
        "customer_id": None,
        "author": "customer",
        "channel": event.get("input_channel"),
        "text": metadata.get("shown") or event.get("text"),
        "intent": None,
        "intent_set": None,
        "sentiment": None,
        "response": None,
        "passages": None,
        "latency_ms": None,
        "model_version": metadata.get("model_id"),
        "staff_id": None,
        "created_at": datetime.fromtimestamp(event["timestamp"], UTC).replace(tzinfo=None),
    }
    return row | (_customer_part(event) if event["event"] == "user" else _reply_part(metadata))


def _customer_part(event: Mapping[str, Any]) -> dict[str, Any]:
    parse: Mapping[str, Any] = event.get("parse_data") or {}
    intent_set: Sequence[Mapping[str, Any]] | None = parse.get("intent_set")
    sentiment: Mapping[str, Any] = parse.get("sentiment") or {}
    return {
        "intent": (parse.get("intent") or {}).get("name"),
        "intent_set": list(intent_set) if intent_set else None,
        "sentiment": sentiment.get("score"),
    }


def _reply_part(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "author": metadata.get("author") or "bot",
        "response": metadata.get("utter_action"),
        "passages": metadata.get("passages") or None,
        "latency_ms": metadata.get("latency_ms"),
        "staff_id": metadata.get("staff_id"),
    }

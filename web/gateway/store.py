"""Rows of the inbox and of the deliveries.

Every write begins with `touch`: it locks the conversation's row, so that within one conversation rows become
visible in the order of their ids and a reader that remembers the last id it saw misses nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.engine import Connection

from crm_models.tables import conversations, deliveries, escalations, inbox
from web.errors import ConversationGone

# Begins the `source` of a message that nobody asked for just then.
NOTICE_SOURCE = "notice-"


@dataclass(frozen=True)
class Waiting:
    """A message accepted from the customer that the bot has not answered yet."""

    inbox_id: int
    conversation_id: str
    client_id: str
    text: str
    received_at: datetime
    shown: str | None = None  # the title of the button that was pressed, when `text` is its payload


@dataclass(frozen=True)
class Delivery:
    """One row of a chat window. `content`: text, buttons, sources, name, client_id, all but text optional."""

    delivery_id: int
    conversation_id: str
    author: str
    content: Mapping[str, Any]
    created_at: datetime


_DELIVERY = select(
    deliveries.c.delivery_id,
    deliveries.c.conversation_id,
    deliveries.c.author,
    deliveries.c.content,
    deliveries.c.created_at,
)


def touch(connection: Connection, conversation_id: str, now: datetime) -> bool:
    """Locks the conversation for this transaction; False when it does not exist."""
    changed = connection.execute(
        update(conversations).where(conversations.c.conversation_id == conversation_id).values(last_message_at=now)
    )
    return bool(changed.rowcount)


def accept(
    connection: Connection,
    conversation_id: str,
    client_id: str,
    *,
    text: str,
    shown: str,
    now: datetime,
) -> bool:
    """Keeps a message until the bot has answered it, and its echo. False when it was here before.

    Raises ConversationGone when there is no such conversation.
    """
    if not touch(connection, conversation_id, now):
        raise ConversationGone(f"there is no conversation {conversation_id}; open a new one")
    known = select(inbox.c.inbox_id).where(inbox.c.conversation_id == conversation_id, inbox.c.client_id == client_id)
    if connection.execute(known).first() is not None:
        return False
    connection.execute(
        insert(inbox).values(
            conversation_id=conversation_id,
            client_id=client_id,
            text=text,
            status="waiting",
            received_at=now,
        )
    )
    content = {"text": shown, "client_id": client_id}
    deliver(connection, conversation_id, client_id, "customer", content, now)
    return True


def deliver(
    connection: Connection,
    conversation_id: str,
    source: str,
    author: str,
    content: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Shows a row in the customer's window. False when this `source` was shown before."""
    touch(connection, conversation_id, now)
    known = select(deliveries.c.delivery_id).where(
        deliveries.c.conversation_id == conversation_id, deliveries.c.source == source
    )
    if connection.execute(known).first() is not None:
        return False
    connection.execute(
        insert(deliveries).values(
            conversation_id=conversation_id,
            source=source,
            author=author,
            content=dict(content),
            created_at=now,
        )
    )
    return True


def offers_link(connection: Connection, conversation_id: str, delivery_id: int, url: str) -> bool:
    """Whether a row of this conversation's window names that source."""
    content = connection.execute(
        select(deliveries.c.content).where(
            deliveries.c.conversation_id == conversation_id, deliveries.c.delivery_id == delivery_id
        )
    ).scalar()
    return any(source.get("url") == url for source in (content or {}).get("sources") or ())


def deliver_unless_staffed(
    connection: Connection,
    conversation_id: str,
    source: str,
    author: str,
    content: Mapping[str, Any],
    now: datetime,
) -> bool:
    """`deliver`, but not while a person has the conversation."""
    touch(connection, conversation_id, now)
    taken = select(escalations.c.escalation_id).where(
        escalations.c.conversation_id == conversation_id, escalations.c.status == "taken"
    )
    if connection.execute(taken).first() is not None:
        return False
    return deliver(connection, conversation_id, source, author, content, now)


def next_waiting(connection: Connection, conversation_id: str, most: int = 20) -> list[Waiting]:
    """The oldest message of the conversation that waits for its answer, with those typed after it.

    They may be one thought in pieces; the bot says which of them it has answered. A button that was pressed is
    answered alone.
    """
    rows = connection.execute(
        select(inbox.c.inbox_id, inbox.c.conversation_id, inbox.c.client_id, inbox.c.text, inbox.c.received_at)
        .where(inbox.c.conversation_id == conversation_id, inbox.c.status == "waiting")
        .order_by(inbox.c.inbox_id)
        .limit(most)
    ).all()
    if rows and rows[0].text.startswith("/"):
        return [Waiting(*rows[0], shown=offered_title(connection, conversation_id, rows[0].text))]
    return [Waiting(*row) for row in itertools.takewhile(lambda row: not row.text.startswith("/"), rows)]


def is_waiting(connection: Connection, inbox_id: int) -> bool:
    """Whether that message still waits for its answer."""
    found = select(inbox.c.inbox_id).where(inbox.c.inbox_id == inbox_id, inbox.c.status == "waiting")
    return connection.execute(found).first() is not None


def newest_waiting(connection: Connection, conversation_id: str) -> int | None:
    """The number of the latest message of the conversation that waits."""
    newest = select(func.max(inbox.c.inbox_id)).where(
        inbox.c.conversation_id == conversation_id, inbox.c.status == "waiting"
    )
    return connection.execute(newest).scalar()


def conversations_waiting(connection: Connection, received_before: datetime) -> list[str]:
    """Conversations with a message that has waited since before that time."""
    rows = connection.execute(
        select(inbox.c.conversation_id)
        .where(inbox.c.status == "waiting", inbox.c.received_at <= received_before)
        .distinct()
    )
    return [row.conversation_id for row in rows]


def finish(
    connection: Connection,
    conversation_id: str,
    answered: Sequence[str],
    contents: Sequence[Mapping[str, Any]],
    author: str,
    now: datetime,
) -> bool:
    """Marks the messages of one turn as answered and shows the replies, together or not at all.

    `answered` are their client ids; the replies belong to the last. What the bot said to a message from before a
    person joined is not shown any more: the person has read the conversation without it, and the customer hears one
    voice. It is in the log. False when another process finished the messages before.
    """
    touch(connection, conversation_id, now)
    waits = inbox.c.conversation_id == conversation_id, inbox.c.client_id.in_(answered), inbox.c.status == "waiting"
    if not connection.execute(update(inbox).where(*waits).values(status="done")).rowcount:
        return False
    last = answered[-1]
    if author == "bot" and _has_person_joined_since(connection, conversation_id, last):
        return True
    for number, content in enumerate(contents):
        deliver(connection, conversation_id, f"{last}:{number}", author, content, now)
    return True


def joined_source(escalation_id: int, staff_id: int) -> str:
    """The `source` of the row that says that a person has joined."""
    return f"joined-{escalation_id}-{staff_id}"


def _has_person_joined_since(connection: Connection, conversation_id: str, client_id: str) -> bool:
    """Whether a person has the conversation who joined after the message was accepted."""
    taken = connection.execute(
        select(escalations.c.escalation_id, escalations.c.staff_id).where(
            escalations.c.conversation_id == conversation_id, escalations.c.status == "taken"
        )
    ).first()
    if taken is None:
        return False
    sources = (client_id, joined_source(taken.escalation_id, taken.staff_id))
    in_order = connection.execute(
        select(deliveries.c.source)
        .where(deliveries.c.conversation_id == conversation_id, deliveries.c.source.in_(sources))
        .order_by(deliveries.c.delivery_id)
    ).scalars()
    return tuple(in_order) == sources


def read_after(connection: Connection, conversation_id: str, delivery_id: int, limit: int = 200) -> list[Delivery]:
    """Rows behind `delivery_id`, oldest first."""
    rows = connection.execute(
        _DELIVERY.where(deliveries.c.conversation_id == conversation_id, deliveries.c.delivery_id > delivery_id)
        .order_by(deliveries.c.delivery_id)
        .limit(limit)
    )
    return [Delivery(*row) for row in rows]


def last_rows(connection: Connection, conversation_id: str, limit: int) -> list[Delivery]:
    """The newest rows of the conversation, oldest first."""
    rows = connection.execute(
        _DELIVERY.where(deliveries.c.conversation_id == conversation_id)
        .order_by(deliveries.c.delivery_id.desc())
        .limit(limit)
    ).all()
    return [Delivery(*row) for row in reversed(rows)]


def last_delivery(connection: Connection, conversation_id: str) -> int:
    """The newest id of the conversation, 0 when it has none."""
    newest = select(func.max(deliveries.c.delivery_id)).where(deliveries.c.conversation_id == conversation_id)
    return connection.execute(newest).scalar() or 0


def newest_by_conversation(connection: Connection, after: int) -> dict[str, int]:
    """Conversations that got rows behind `after`, with their newest id."""
    rows = connection.execute(
        select(deliveries.c.conversation_id, func.max(deliveries.c.delivery_id))
        .where(deliveries.c.delivery_id > after)
        .group_by(deliveries.c.conversation_id)
    )
    return {conversation_id: newest for conversation_id, newest in rows}


def offered_title(connection: Connection, conversation_id: str, payload: str) -> str | None:
    """The title of the button with this payload, None when this conversation was never offered it."""
    rows = connection.execute(
        select(deliveries.c.content)
        .where(deliveries.c.conversation_id == conversation_id, deliveries.c.author == "bot")
        .order_by(deliveries.c.delivery_id.desc())
    )
    for row in rows:
        for button in row.content.get("buttons", ()):
            if button.get("payload") == payload:
                return str(button.get("title", ""))
    return None


def unlogged(connection: Connection, limit: int = 100) -> list[Delivery]:
    """What was said past the bot and its log does not have yet, oldest first."""
    rows = connection.execute(
        _DELIVERY.where(
            or_(deliveries.c.author == "staff", deliveries.c.source.like(f"{NOTICE_SOURCE}%")),
            deliveries.c.content["logged"].as_boolean().is_(False),
        )
        .order_by(deliveries.c.delivery_id)
        .limit(limit)
    )
    return [Delivery(*row) for row in rows]


def mark_logged(connection: Connection, delivery_id: int) -> None:
    row = connection.execute(_DELIVERY.where(deliveries.c.delivery_id == delivery_id)).one()
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id)
        .values(content={**row.content, "logged": True})
    )

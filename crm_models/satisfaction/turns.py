"""A conversation as satisfaction is read from: who said what, how it was meant and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.tables import escalations, gaps, messages

CUSTOMER = "customer"


@dataclass(frozen=True)
class Turn:
    author: str  # customer, bot, staff
    text: str
    sentiment: float | None = None  # -1 to 1, of a customer's message
    latency_ms: float | None = None  # of a reply
    said_at: datetime | None = None


@dataclass(frozen=True)
class Conversation:
    conversation_id: str
    turns: tuple[Turn, ...]  # oldest first
    escalated_at: tuple[datetime, ...] = ()
    unanswered_at: tuple[datetime, ...] = ()  # asked what no article and no skill covers
    customer_id: str | None = None


def read_conversation(connection: Connection, conversation_id: str) -> Conversation | None:
    """From the message log; None where nothing was said."""
    rows = connection.execute(
        select(
            messages.c.author,
            messages.c.text,
            messages.c.sentiment,
            messages.c.latency_ms,
            messages.c.created_at,
            messages.c.customer_id,
        )
        .where(messages.c.conversation_id == conversation_id)
        .order_by(messages.c.created_at, messages.c.message_id)
    ).all()
    if not rows:
        return None
    brought_in = select(escalations.c.created_at).where(escalations.c.conversation_id == conversation_id)
    unanswered = select(gaps.c.created_at).where(
        gaps.c.conversation_id == conversation_id, gaps.c.kind.in_(("missing", "out_of_scope"))
    )
    return Conversation(
        conversation_id=conversation_id,
        turns=tuple(Turn(row.author, row.text or "", row.sentiment, row.latency_ms, row.created_at) for row in rows),
        escalated_at=tuple(connection.execute(brought_in).scalars()),
        unanswered_at=tuple(connection.execute(unanswered).scalars()),
        customer_id=next((row.customer_id for row in reversed(rows) if row.customer_id), None),
    )


def customer_turns(turns: Sequence[Turn]) -> list[int]:
    """Places of the customer's messages."""
    return [place for place, turn in enumerate(turns) if turn.author == CUSTOMER]

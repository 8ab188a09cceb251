"""What the service desk sees beside the queue: who wrote lately, how they felt, what was offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql import Select

from crm_models.tables import conversations, customers, escalations, messages, offers, products, staff


@dataclass(frozen=True)
class ConversationLine:
    """A conversation in the list of recent ones; `owner` is the staff member who has it, if one does."""

    conversation_id: str
    channel: str
    customer_id: str | None
    customer_name: str | None
    tier: str | None
    trust: str
    last_message_at: datetime | None
    owner: str | None


@dataclass(frozen=True)
class OfferLine:
    kind: str  # see `crm_models.offers.OfferKind`
    product: str | None
    percent_off: int | None
    credit_cents: int | None
    points: int | None
    code: str | None
    reason: str
    status: str  # shown, accepted, declined
    created_at: datetime


def recent_conversations(connection: Connection, limit: int = 30) -> list[ConversationLine]:
    """The conversations somebody wrote in last, newest first."""
    return [_line(row) for row in connection.execute(
        _lines().where(conversations.c.last_message_at.is_not(None))
        .order_by(conversations.c.last_message_at.desc(), conversations.c.conversation_id)
        .limit(limit)
    )]  # fmt: skip


def get_conversation(connection: Connection, conversation_id: str) -> ConversationLine | None:
    row = connection.execute(_lines().where(conversations.c.conversation_id == conversation_id)).first()
    return None if row is None else _line(row)


def recent_sentiments(connection: Connection, conversation_id: str, limit: int = 8) -> list[float]:
    """Sentiment (-1 to 1) of the customer's last messages in this conversation, oldest first."""
    rows = connection.execute(
        select(messages.c.sentiment)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.author == "customer",
            messages.c.sentiment.is_not(None),
        )
        .order_by(messages.c.message_id.desc())
        .limit(limit)
    )
    return [float(row.sentiment) for row in rows][::-1]


def recent_offers(connection: Connection, customer_id: str, limit: int = 5) -> list[OfferLine]:
    """What the customer was offered, newest first."""
    rows = connection.execute(
        select(
            offers.c.kind,
            products.c.name,
            offers.c.percent_off,
            offers.c.credit_cents,
            offers.c.points,
            offers.c.code,
            offers.c.reason,
            offers.c.status,
            offers.c.created_at,
        )
        .select_from(offers.outerjoin(products, products.c.product_id == offers.c.product_id))
        .where(offers.c.customer_id == customer_id)
        .order_by(offers.c.created_at.desc(), offers.c.offer_id.desc())
        .limit(limit)
    )
    return [OfferLine(*row) for row in rows]


def open_escalation(connection: Connection, conversation_id: str) -> int | None:
    """The number of the escalation that waits or is taken; None when nobody is asked for."""
    found = connection.execute(
        select(func.max(escalations.c.escalation_id)).where(
            escalations.c.conversation_id == conversation_id,
            escalations.c.status.in_(("waiting", "taken")),
        )
    ).scalar_one_or_none()
    return None if found is None else int(found)


def _lines() -> Select:
    owner = (
        select(staff.c.display_name)
        .select_from(staff.join(escalations, escalations.c.staff_id == staff.c.staff_id))
        .where(
            escalations.c.conversation_id == conversations.c.conversation_id,
            escalations.c.status == "taken",
        )
        .limit(1)
        .scalar_subquery()
    )
    return select(
        conversations.c.conversation_id,
        conversations.c.channel,
        conversations.c.customer_id,
        customers.c.first_name,
        customers.c.last_name,
        customers.c.tier,
        conversations.c.trust,
        conversations.c.last_message_at,
        owner.label("owner"),
    ).select_from(conversations.outerjoin(customers, customers.c.customer_id == conversations.c.customer_id))


def _line(row: Row) -> ConversationLine:
    name = " ".join(part for part in (row.first_name, row.last_name) if part)
    return ConversationLine(
        conversation_id=row.conversation_id,
        channel=row.channel,
        customer_id=row.customer_id,
        customer_name=name or None,
        tier=row.tier,
        trust=row.trust,
        last_message_at=row.last_message_at,
        owner=row.owner,
    )

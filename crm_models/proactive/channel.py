"""Where a customer can be reached: in the chat that is in use, else by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.escalations import owner_of
from crm_models.identity import Trust
from crm_models.proactive.policy import NoticePolicy
from crm_models.tables import conversations, customers, inbox

WEB, MAIL = "web", "mail"


@dataclass(frozen=True)
class Channel:
    """`busy`: the customer has written within the last minutes, and is left in peace until that is over."""

    name: str  # web, mail
    conversation_id: str | None = None
    busy: bool = False


def channel_of(connection: Connection, customer_id: str, policy: NoticePolicy, now: datetime) -> Channel | None:
    """The customer's own window, proven and in use, unless a person of the staff speaks in it; else mail.

    Whoever has the browser can read a window: one in which the customer's proof of identity has run out gets nothing.
    None when there is neither.
    """
    written = (
        select(func.max(inbox.c.received_at))
        .where(inbox.c.conversation_id == conversations.c.conversation_id)
        .scalar_subquery()
    )
    seen = func.coalesce(written, conversations.c.started_at)
    row = connection.execute(
        select(conversations.c.conversation_id, written.label("written"))
        .where(
            conversations.c.customer_id == customer_id,
            conversations.c.channel == WEB,
            conversations.c.trust == Trust.VERIFIED.name.lower(),
            conversations.c.trust_until > now,
            seen >= now - timedelta(minutes=policy.window_minutes),
        )
        .order_by(seen.desc())
        .limit(1)
    ).first()
    if row is not None and owner_of(connection, row.conversation_id) is None:
        busy = row.written is not None and row.written > now - timedelta(minutes=policy.silence_minutes)
        return Channel(WEB, row.conversation_id, busy)
    address = connection.execute(
        select(customers.c.email).where(customers.c.customer_id == customer_id)
    ).scalar_one_or_none()
    return Channel(MAIL) if address else None

"""Who is at the other end of a conversation, and how sure of it the shop is.

The row in `conversations` is the only source of truth; what a message or a slot says about identity is
a claim, never a proof.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from crm_models.errors import UnknownConversation
from crm_models.tables import conversations


class Trust(IntEnum):
    """Ordered: what needs CLAIMED is open to VERIFIED too."""

    ANONYMOUS = 0  # nothing is known
    CLAIMED = 1  # two matching facts: may read the status of one order
    VERIFIED = 2  # a signed token or a one-time code: may read and change their own orders


@dataclass(frozen=True)
class Identity:
    conversation_id: str
    customer_id: str | None
    trust: Trust
    claimed_order_id: str | None = None


def identity_of(connection: Connection, conversation_id: str, now: datetime) -> Identity:
    """Anonymous, without a customer, when the conversation is unknown or its trust has expired."""
    row = connection.execute(
        select(
            conversations.c.customer_id,
            conversations.c.trust,
            conversations.c.trust_until,
            conversations.c.claimed_order_id,
        ).where(conversations.c.conversation_id == conversation_id)
    ).one_or_none()
    anonymous = Identity(conversation_id, None, Trust.ANONYMOUS)
    if row is None or row.customer_id is None:
        return anonymous
    if row.trust_until is not None and row.trust_until <= now:
        return anonymous
    trust = Trust[row.trust.upper()]
    if trust is Trust.ANONYMOUS:
        return anonymous
    claimed_order_id = row.claimed_order_id if trust is Trust.CLAIMED else None
    return Identity(conversation_id, row.customer_id, trust, claimed_order_id)


def open_conversation(
    connection: Connection,
    conversation_id: str,
    channel: str,
    now: datetime,
    customer_id: str | None = None,
    trust: Trust = Trust.ANONYMOUS,
    trust_until: datetime | None = None,
) -> None:
    """Start the conversation, or note in a running one who the customer is.

    A running conversation keeps its identity when this call proves none: a page that reloads without a
    token does not undo a verification. `forget_identity` does.
    """
    if not _is_open(connection, conversation_id):
        # Two servers may open the same conversation at once: the slower one finds it made.
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(
                conversations.insert().values(
                    conversation_id=conversation_id,
                    channel=channel,
                    started_at=now,
                    trust=Trust.ANONYMOUS.name.lower(),
                )
            )
    if customer_id is not None and trust is not Trust.ANONYMOUS:
        set_identity(connection, conversation_id, customer_id, trust, trust_until)


def set_identity(
    connection: Connection,
    conversation_id: str,
    customer_id: str,
    trust: Trust,
    trust_until: datetime | None,
    claimed_order_id: str | None = None,
) -> None:
    """Record a proof.

    Raises:
        UnknownConversation: `open_conversation` was never called for it.
    """
    known = _update(
        connection,
        conversation_id,
        customer_id=customer_id,
        trust=trust.name.lower(),
        trust_until=trust_until,
        claimed_order_id=claimed_order_id,
    )
    if not known:
        raise UnknownConversation(
            f"Conversation {conversation_id} was never opened; open it before proving who is in it."
        )


def forget_identity(connection: Connection, conversation_id: str) -> None:
    """Back to anonymous: the customer signed out, or somebody else took over the window."""
    _update(
        connection,
        conversation_id,
        customer_id=None,
        trust=Trust.ANONYMOUS.name.lower(),
        trust_until=None,
        claimed_order_id=None,
    )


def _is_open(connection: Connection, conversation_id: str) -> bool:
    found = connection.execute(
        select(conversations.c.conversation_id).where(conversations.c.conversation_id == conversation_id)
    ).one_or_none()
    return found is not None


def _update(connection: Connection, conversation_id: str, **values: object) -> bool:
    result = connection.execute(
        conversations.update().where(conversations.c.conversation_id == conversation_id).values(**values)
    )
    return bool(result.rowcount)

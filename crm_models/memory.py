"""What a returning customer's last conversation was about, and what became of it: only what records prove.

Read from the log's intents and from orders, returns and complaints; nothing of what the customer wrote is told again.
Conversations count in which the customer had proved who they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection, Row

from crm_models.identity import Trust
from crm_models.order_records import OPEN, OrderStatus
from crm_models.personal_fields import PersonalField, forbidden_fields
from crm_models.tables import complaints, conversations, items, messages, order_lines, orders, products, returns

REMEMBERED_FOR = timedelta(days=60)
# In one conversation, what was said before a pause as long as this is the conversation before.
PAUSE = timedelta(hours=12)
_CONVERSATIONS = 5  # the latest that are looked through
_WHEREABOUTS = frozenset({"order_status", "track_package", "order_late"})
# A record made so shortly after the last message was made by it: the log runs behind by seconds.
_SLACK = timedelta(minutes=10)


class Remembered(StrEnum):
    """What it was about, and how it stands now."""

    DELIVERED = "delivered"  # asked where an order is; it was delivered since
    ON_ITS_WAY = "on_its_way"  # asked where an order is; it still is not there
    LATE = "late"  # the same, and the promised day is over
    REPLACEMENT_WAITING = "replacement_waiting"  # an exchange that is not done
    REPLACEMENT_DONE = "replacement_done"
    RETURN_WAITING = "return_waiting"  # the parcel has not come back yet
    RETURN_DONE = "return_done"
    COMPLAINT_OPEN = "complaint_open"
    COMPLAINT_CLOSED = "complaint_closed"


@dataclass(frozen=True)
class Memory:
    remembered: Remembered
    asked_at: datetime
    order_id: str | None = None
    products: tuple[str, ...] = ()  # names, of the order or of the line sent back
    status: OrderStatus | None = None  # of the order, now


@dataclass(frozen=True)
class _Talk:
    conversation_id: str
    first: datetime
    last: datetime


def last_conversation(
    connection: Connection, customer_id: str, conversation_id: str, told_as: str, now: datetime
) -> Memory | None:
    """The latest matter of a conversation before this one; None without any, or where the customer forbade it.

    A matter is told once for each way it stands.

    Args:
        customer_id: of a customer who has proved who they are.
        conversation_id: the running one.
        told_as: how the names of the responses begin with which a memory was told, before `Remembered`.
    """
    if PersonalField.LAST_CONVERSATION in forbidden_fields(connection, customer_id):
        return None
    for talk in _talks(connection, customer_id, conversation_id, now):
        memory = (
            _complaint(connection, customer_id, talk)
            or _sent_back(connection, customer_id, talk)
            or _whereabouts(connection, customer_id, talk, now)
        )
        if memory is not None:
            return None if _is_told(connection, customer_id, memory, told_as) else memory
    return None


def _talks(connection: Connection, customer_id: str, conversation_id: str, now: datetime) -> list[_Talk]:
    before = or_(messages.c.conversation_id != conversation_id, messages.c.created_at < now - PAUSE)
    proved = or_(conversations.c.trust_until.is_(None), messages.c.created_at <= conversations.c.trust_until)
    last = func.max(messages.c.created_at)
    rows = connection.execute(
        select(messages.c.conversation_id, func.min(messages.c.created_at).label("first"), last.label("last"))
        .join(conversations, conversations.c.conversation_id == messages.c.conversation_id)
        .where(
            messages.c.customer_id == customer_id,
            messages.c.author == "customer",
            messages.c.created_at >= now - REMEMBERED_FOR,
            conversations.c.customer_id == customer_id,
            conversations.c.trust == Trust.VERIFIED.name.lower(),
            before,
            proved,
        )
        .group_by(messages.c.conversation_id)
        .order_by(last.desc())
        .limit(_CONVERSATIONS)
    )
    return [_Talk(row.conversation_id, row.first, row.last) for row in rows]


def _complaint(connection: Connection, customer_id: str, talk: _Talk) -> Memory | None:
    row = connection.execute(
        select(complaints.c.order_id, complaints.c.status, complaints.c.created_at)
        .where(
            complaints.c.customer_id == customer_id,
            complaints.c.conversation_id == talk.conversation_id,
            complaints.c.created_at <= talk.last + _SLACK,
        )
        .order_by(complaints.c.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    state = Remembered.COMPLAINT_OPEN if row.status == "open" else Remembered.COMPLAINT_CLOSED
    return Memory(state, row.created_at, row.order_id)


def _sent_back(connection: Connection, customer_id: str, talk: _Talk) -> Memory | None:
    row = connection.execute(
        select(returns, products.c.name)
        .select_from(
            returns.join(orders, orders.c.order_id == returns.c.order_id)
            .join(order_lines, order_lines.c.line_id == returns.c.line_id)
            .join(items, items.c.item_id == order_lines.c.item_id)
            .join(products, products.c.product_id == items.c.product_id)
        )
        .where(
            orders.c.customer_id == customer_id,
            returns.c.created_at.between(talk.first, talk.last + _SLACK),
        )
        .order_by(returns.c.created_at.desc(), returns.c.return_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    if row.kind == "exchange":
        state = Remembered.REPLACEMENT_DONE if row.status == "closed" else Remembered.REPLACEMENT_WAITING
    else:
        state = Remembered.RETURN_WAITING if row.status == "requested" else Remembered.RETURN_DONE
    return Memory(state, row.created_at, row.order_id, (row.name,))


def _whereabouts(connection: Connection, customer_id: str, talk: _Talk, now: datetime) -> Memory | None:
    """An order whose state was asked for and told; nothing where it was there already."""
    in_talk = and_(
        messages.c.conversation_id == talk.conversation_id,
        messages.c.created_at.between(talk.first, talk.last + _SLACK),
    )
    asked = connection.execute(
        select(func.max(messages.c.created_at)).where(
            in_talk, messages.c.author == "customer", messages.c.intent.in_(sorted(_WHEREABOUTS))
        )
    ).scalar_one()
    if asked is None:
        return None
    told = connection.execute(
        select(messages.c.text)
        .where(in_talk, messages.c.author == "bot", messages.c.response.like(r"utter\_order\_status\_%", escape="\\"))
        .order_by(messages.c.message_id.desc())
    ).scalars()
    order = _order_named_in(connection, customer_id, [text for text in told if text])
    if order is None:
        return None
    status = OrderStatus(order.status)
    if status in OPEN:
        overdue = order.promised_on is not None and order.promised_on.date() < now.date()
        state = Remembered.LATE if overdue and status is OrderStatus.SHIPPED else Remembered.ON_ITS_WAY
    elif status is OrderStatus.DELIVERED and order.delivered_at is not None and order.delivered_at > asked:
        state = Remembered.DELIVERED
    else:
        return None
    return Memory(state, asked, order.order_id, _product_names(connection, order.order_id), status)


def _order_named_in(connection: Connection, customer_id: str, texts: Sequence[str]) -> Row | None:
    """The customer's own order whose number stands in the first of the texts that has one."""
    if not texts:
        return None
    own = connection.execute(select(orders).where(orders.c.customer_id == customer_id)).all()
    for text in texts:
        named = [row for row in own if row.order_id in text]
        if named:
            return max(named, key=lambda row: len(row.order_id))
    return None


def _product_names(connection: Connection, order_id: str) -> tuple[str, ...]:
    rows = connection.execute(
        select(products.c.name)
        .select_from(
            order_lines.join(items, items.c.item_id == order_lines.c.item_id).join(
                products, products.c.product_id == items.c.product_id
            )
        )
        .where(order_lines.c.order_id == order_id)
        .order_by(order_lines.c.line_id)
    )
    return tuple(rows.scalars())


def _is_told(connection: Connection, customer_id: str, memory: Memory, told_as: str) -> bool:
    """Whether the customer heard it since, standing as it stands now."""
    query = select(messages.c.text).where(
        messages.c.customer_id == customer_id,
        messages.c.author == "bot",
        # also in other words, as an experiment or the tone has it
        messages.c.response.startswith(told_as + memory.remembered.value, autoescape=True),
        messages.c.created_at > memory.asked_at,
    )
    return any(
        memory.order_id is None or memory.order_id in (text or "") for text in connection.execute(query).scalars()
    )

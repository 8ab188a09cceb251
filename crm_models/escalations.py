"""Asking for a person: the queue, and who of the staff owns a conversation.

While a conversation is owned the bot is silent in it. Ownership changes by compare-and-set, so of two
people who take the same conversation one gets it and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import and_, case, insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.tables import conversations, customers, escalations, messages, predictions, staff

_OPEN = ("waiting", "taken")
# The reason of who wants their data deleted.
DELETION = "delete_data"


class RequestOutcome(Enum):
    REQUESTED = "requested"
    ALREADY_WAITING = "already_waiting"
    ALREADY_TAKEN = "already_taken"  # a person is in the conversation


class TakeOutcome(Enum):
    TAKEN = "taken"
    ALREADY_YOURS = "already_yours"
    TAKEN_BY_OTHER = "taken_by_other"
    CLOSED = "closed"  # or never there


class ReleaseOutcome(Enum):
    RELEASED = "released"
    NOT_YOURS = "not_yours"  # another's, waiting, closed, or never there


@dataclass(frozen=True)
class QueueItem:
    """One line of the queue, with what decides who takes it and how soon."""

    escalation_id: int
    conversation_id: str
    reason: str
    status: str  # waiting, taken
    created_at: datetime
    taken_at: datetime | None
    staff_id: int | None
    staff_name: str | None
    customer_id: str | None
    customer_name: str | None
    tier: str | None
    churn_risk: float | None  # 0 to 1
    sentiment: float | None  # of the customer's latest message, -1 to 1


def request_person(
    connection: Connection, conversation_id: str, customer_id: str | None, reason: str, now: datetime
) -> tuple[RequestOutcome, int]:
    """Put the conversation into the queue, once; returns the number of the escalation that is open."""
    _lock(connection, conversation_id)
    row = _open_one(connection, conversation_id)
    if row is not None:
        waiting = row.status == "waiting"
        outcome = RequestOutcome.ALREADY_WAITING if waiting else RequestOutcome.ALREADY_TAKEN
        return outcome, int(row.escalation_id)
    result = connection.execute(
        insert(escalations).values(
            conversation_id=conversation_id,
            customer_id=customer_id,
            reason=reason[:60],
            status="waiting",
            created_at=now,
        )
    )
    return RequestOutcome.REQUESTED, int(result.inserted_primary_key[0])


def withdraw_request(connection: Connection, conversation_id: str, now: datetime) -> bool:
    """The customer wants no person any more; False when none was waited for."""
    result = connection.execute(
        update(escalations)
        .where(escalations.c.conversation_id == conversation_id, escalations.c.status == "waiting")
        .values(status="closed", closed_at=now)
    )
    return bool(result.rowcount)


def queue(connection: Connection) -> list[QueueItem]:
    """Waiting ones first, longest waiting first; then those that somebody has taken."""
    rows = connection.execute(
        _QUEUE.where(escalations.c.status.in_(_OPEN)).order_by(
            case((escalations.c.status == "waiting", 0), else_=1),
            escalations.c.created_at,
            escalations.c.escalation_id,
        )
    )
    return [_item(row) for row in rows]


def get_escalation(connection: Connection, escalation_id: int) -> QueueItem | None:
    """One escalation, open or closed."""
    row = connection.execute(_QUEUE.where(escalations.c.escalation_id == escalation_id)).one_or_none()
    return None if row is None else _item(row)


def take(connection: Connection, escalation_id: int, staff_id: int, now: datetime) -> TakeOutcome:
    """Make the conversation this person's, if nobody else was faster."""
    result = connection.execute(
        update(escalations)
        .where(escalations.c.escalation_id == escalation_id, escalations.c.status == "waiting")
        .values(status="taken", staff_id=staff_id, taken_at=now)
    )
    if result.rowcount == 1:
        return TakeOutcome.TAKEN
    row = connection.execute(
        select(escalations.c.status, escalations.c.staff_id).where(escalations.c.escalation_id == escalation_id)
    ).one_or_none()
    if row is None or row.status == "closed":
        return TakeOutcome.CLOSED
    return TakeOutcome.ALREADY_YOURS if row.staff_id == staff_id else TakeOutcome.TAKEN_BY_OTHER


def undo_take(connection: Connection, escalation_id: int, staff_id: int) -> ReleaseOutcome:
    """Back into the queue at its old place: the bot could not be silenced, or taken by mistake."""
    return _release(connection, escalation_id, staff_id, {"status": "waiting", "staff_id": None, "taken_at": None})


def give_back(connection: Connection, escalation_id: int, staff_id: int, now: datetime) -> ReleaseOutcome:
    """Done: the conversation is the bot's again."""
    return _release(connection, escalation_id, staff_id, {"status": "closed", "closed_at": now})


def owner_of(connection: Connection, conversation_id: str) -> int | None:
    """The staff number of the person who owns the conversation; None while it is the bot's."""
    row = _open_one(connection, conversation_id)
    return int(row.staff_id) if row is not None and row.status == "taken" else None


def is_waiting(connection: Connection, conversation_id: str) -> bool:
    """Whether a person was asked for and has not come yet."""
    row = _open_one(connection, conversation_id)
    return row is not None and row.status == "waiting"


def waits_for_deletion(connection: Connection, conversation_id: str) -> bool:
    """Whether the customer asked for the deletion of their data, and nobody has taken that up yet."""
    row = _open_one(connection, conversation_id)
    return row is not None and row.status == "waiting" and row.reason == DELETION


_LATEST_SENTIMENT = (
    select(messages.c.sentiment)
    .where(
        messages.c.conversation_id == escalations.c.conversation_id,
        messages.c.author == "customer",
        messages.c.sentiment.is_not(None),
    )
    .order_by(messages.c.message_id.desc())
    .limit(1)
    .scalar_subquery()
)

_QUEUE = (
    select(
        escalations,
        staff.c.display_name.label("staff_name"),
        customers.c.first_name,
        customers.c.last_name,
        customers.c.tier,
        predictions.c.value.label("churn_risk"),
        _LATEST_SENTIMENT.label("sentiment"),
    )
    .outerjoin(staff, staff.c.staff_id == escalations.c.staff_id)
    .outerjoin(customers, customers.c.customer_id == escalations.c.customer_id)
    .outerjoin(
        predictions,
        and_(predictions.c.customer_id == escalations.c.customer_id, predictions.c.model == "churn"),
    )
)


def _item(row: Row) -> QueueItem:
    name = " ".join(part for part in (row.first_name, row.last_name) if part)
    return QueueItem(
        escalation_id=row.escalation_id,
        conversation_id=row.conversation_id,
        reason=row.reason,
        status=row.status,
        created_at=row.created_at,
        taken_at=row.taken_at,
        staff_id=row.staff_id,
        staff_name=row.staff_name,
        customer_id=row.customer_id,
        customer_name=name or None,
        tier=row.tier,
        churn_risk=row.churn_risk,
        sentiment=row.sentiment,
    )


def _lock(connection: Connection, conversation_id: str) -> None:
    # "Is one open? No: make one" must not run twice at once. SQLite's transactions are one after the other.
    connection.execute(
        select(conversations.c.conversation_id)
        .where(conversations.c.conversation_id == conversation_id)
        .with_for_update()
    )


def _open_one(connection: Connection, conversation_id: str) -> Row | None:
    return connection.execute(
        select(escalations)
        .where(escalations.c.conversation_id == conversation_id, escalations.c.status.in_(_OPEN))
        .order_by(escalations.c.escalation_id.desc())
        .limit(1)
    ).one_or_none()


def _release(connection: Connection, escalation_id: int, owner: int, values: dict[str, object]) -> ReleaseOutcome:
    result = connection.execute(
        update(escalations)
        .where(
            escalations.c.escalation_id == escalation_id,
            escalations.c.status == "taken",
            escalations.c.staff_id == owner,
        )
        .values(values)
    )
    return ReleaseOutcome.RELEASED if result.rowcount == 1 else ReleaseOutcome.NOT_YOURS

"""Rows of the notices: each goes from due to sent or dropped once, whoever else is at work."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from crm_models.proactive.kinds import Candidate, Dropped, Held, Notice, NoticeKind, revived
from crm_models.tables import notices

DUE, SENT, DROPPED = "due", "sent", "dropped"


def is_new(connection: Connection, kind: NoticeKind, candidate: Candidate) -> bool:
    """Whether `note_due` would make it due."""
    known = connection.execute(
        select(notices.c.status, notices.c.dropped_because).where(*_same(kind, candidate))
    ).first()
    return known is None or (known.status == DROPPED and known.dropped_because in revived(kind))


def note_due(connection: Connection, kind: NoticeKind, candidate: Candidate, now: datetime) -> bool:
    """Make it due; False when it is, was sent, or was dropped for good."""
    reasons = [reason.value for reason in revived(kind)]
    again = connection.execute(
        update(notices)
        .where(*_same(kind, candidate), notices.c.status == DROPPED, notices.c.dropped_because.in_(reasons))
        .values(status=DUE, dropped_because=None, held_because=None, due_at=now)
    )
    if again.rowcount:
        return True
    if not is_new(connection, kind, candidate):
        return False
    # Two processes may find the same: the slower one finds it made.
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(
            insert(notices).values(
                customer_id=candidate.customer_id, kind=kind.value, about=candidate.about,
                status=DUE, fields={}, due_at=now,
            )
        )  # fmt: skip
        return True
    return False


def _same(kind: NoticeKind, candidate: Candidate) -> tuple[ColumnElement[bool], ...]:
    return (
        notices.c.customer_id == candidate.customer_id,
        notices.c.kind == kind.value,
        notices.c.about == candidate.about,
    )


def due_notices(connection: Connection) -> list[Notice]:
    """Those that wait, longest waiting first."""
    rows = connection.execute(
        select(notices).where(notices.c.status == DUE).order_by(notices.c.due_at, notices.c.notice_id)
    )
    return [_notice(row) for row in rows]


def get_notice(connection: Connection, notice_id: int) -> Notice:
    """As it is now; NoResultFound when there is none of this number."""
    return _notice(connection.execute(select(notices).where(notices.c.notice_id == notice_id)).one())


def list_notices(
    connection: Connection, status: str | None = None, customer_id: str | None = None, limit: int = 50
) -> list[Notice]:
    """Newest first."""
    query = select(notices)
    if status is not None:
        query = query.where(notices.c.status == status)
    if customer_id is not None:
        query = query.where(notices.c.customer_id == customer_id)
    return [_notice(row) for row in connection.execute(query.order_by(notices.c.notice_id.desc()).limit(limit))]


def mark_sent(
    connection: Connection,
    notice_id: int,
    channel: str,
    conversation_id: str | None,
    fields: Mapping[str, Any],
    now: datetime,
) -> bool:
    """False when it is no longer due: another sender has it, and nothing may be sent."""
    values = {
        "status": SENT, "channel": channel, "conversation_id": conversation_id,
        "fields": dict(fields), "sent_at": now, "held_because": None,
    }  # fmt: skip
    return _leave_due(connection, notice_id, values)


def mark_dropped(connection: Connection, notice_id: int, reason: Dropped) -> bool:
    """What held it until now stays, for whoever asks why."""
    return _leave_due(connection, notice_id, {"status": DROPPED, "dropped_because": reason.value})


def mark_held(connection: Connection, notice: Notice, reason: Held) -> None:
    if notice.held_because != reason.value:
        _leave_due(connection, notice.notice_id, {"held_because": reason.value})


def _leave_due(connection: Connection, notice_id: int, values: Mapping[str, Any]) -> bool:
    changed = connection.execute(
        update(notices).where(notices.c.notice_id == notice_id, notices.c.status == DUE).values(**values)
    )
    return bool(changed.rowcount)


def _notice(row: Row) -> Notice:
    return Notice(**{**row._mapping, "kind": NoticeKind(row.kind)})

"""Complaints: opened in the chat or by staff, closed by staff. While one is open nothing is offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from crm_models.tables import complaints, orders


class ComplaintOutcome(Enum):
    RECORDED = "recorded"
    ALREADY_OPEN = "already_open"  # about the same order and topic; the text was added to it
    UNKNOWN_ORDER = "unknown_order"  # no such order, or another customer's


class CloseOutcome(Enum):
    CLOSED = "closed"
    NOT_OPEN = "not_open"


@dataclass(frozen=True)
class Complaint:
    complaint_id: int
    topic: str
    order_id: str | None
    text: str | None
    created_at: datetime


def open_complaint(
    connection: Connection,
    *,
    customer_id: str | None,
    conversation_id: str | None,
    topic: str,
    text: str,
    now: datetime,
    order_id: str | None = None,
) -> tuple[ComplaintOutcome, int | None]:
    """File a complaint; returns its number, or that of the one already open on the same matter."""
    if order_id is not None and not _owns(connection, customer_id, order_id):
        return ComplaintOutcome.UNKNOWN_ORDER, None
    same = _same_matter(connection, customer_id, conversation_id, topic, order_id)
    if same is not None:
        _append(connection, same, text)
        return ComplaintOutcome.ALREADY_OPEN, same.complaint_id
    result = connection.execute(
        insert(complaints).values(
            customer_id=customer_id,
            conversation_id=conversation_id,
            order_id=order_id,
            topic=topic,
            text=text,
            status="open",
            created_at=now,
        )
    )
    return ComplaintOutcome.RECORDED, int(result.inserted_primary_key[0])


def open_complaints(connection: Connection, customer_id: str) -> list[Complaint]:
    """The customer's open complaints, newest first."""
    rows = connection.execute(
        _SELECT.where(complaints.c.customer_id == customer_id, complaints.c.status == "open").order_by(
            complaints.c.created_at.desc(), complaints.c.complaint_id.desc()
        )
    )
    return [Complaint(*row) for row in rows]


def latest_complaint(connection: Connection, conversation_id: str) -> Complaint | None:
    """The latest open complaint that was made in a conversation."""
    row = connection.execute(
        _SELECT.where(complaints.c.conversation_id == conversation_id, complaints.c.status == "open")
        .order_by(complaints.c.complaint_id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Complaint(*row)


def add_to_complaint(connection: Connection, complaint: Complaint, text: str) -> None:
    """What the customer says of it later."""
    _append(connection, complaint, text)


def close_complaint(connection: Connection, complaint_id: int, now: datetime) -> CloseOutcome:
    result = connection.execute(
        update(complaints)
        .where(complaints.c.complaint_id == complaint_id, complaints.c.status == "open")
        .values(status="closed", closed_at=now)
    )
    return CloseOutcome.CLOSED if result.rowcount == 1 else CloseOutcome.NOT_OPEN


_SELECT = select(
    complaints.c.complaint_id,
    complaints.c.topic,
    complaints.c.order_id,
    complaints.c.text,
    complaints.c.created_at,
)


def _owns(connection: Connection, customer_id: str | None, order_id: str) -> bool:
    if customer_id is None:
        return False
    found = connection.execute(
        select(func.count()).where(orders.c.order_id == order_id, orders.c.customer_id == customer_id)
    ).scalar_one()
    return bool(found)


def _same_matter(
    connection: Connection,
    customer_id: str | None,
    conversation_id: str | None,
    topic: str,
    order_id: str | None,
) -> Complaint | None:
    """An open complaint of the same customer (for a visitor without a name: of the same conversation)."""
    if customer_id is not None:
        whose = complaints.c.customer_id == customer_id
    elif conversation_id is not None:
        whose = complaints.c.customer_id.is_(None) & (complaints.c.conversation_id == conversation_id)
    else:
        return None
    which = complaints.c.order_id.is_(None) if order_id is None else complaints.c.order_id == order_id
    row = connection.execute(
        _SELECT.where(whose, which, complaints.c.topic == topic, complaints.c.status == "open")
        .order_by(complaints.c.complaint_id)
        .limit(1)
    ).one_or_none()
    return None if row is None else Complaint(*row)


def _append(connection: Connection, complaint: Complaint, text: str) -> None:
    known = complaint.text or ""
    if text and text not in known:
        connection.execute(
            update(complaints)
            .where(complaints.c.complaint_id == complaint.complaint_id)
            .values(text=f"{known}\n{text}".strip())
        )

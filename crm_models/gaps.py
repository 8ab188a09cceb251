"""Information gaps: what was vague, missing or contradictory, and what became of it.

detected -> asked -> closed -> verified
detected -----------> closed             filled from a record or by staff, without asking
detected, asked, closed -> dropped       with the reason
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.errors import IllegalTransition
from crm_models.tables import gaps


class GapSort(StrEnum):
    """Whose information is wanting."""

    REQUEST = "request"  # what the customer says
    DATA = "data"  # what the company knows of the customer
    KNOWLEDGE = "knowledge"  # what the articles say


class GapKind(StrEnum):
    VAGUE = "vague"
    INCOMPLETE = "incomplete"
    CONTRADICTORY = "contradictory"
    OUT_OF_SCOPE = "out_of_scope"
    MISSING = "missing"
    STALE = "stale"
    DUPLICATE = "duplicate"
    CONFLICTING = "conflicting"
    UNCLEAR = "unclear"


class GapStatus(StrEnum):
    DETECTED = "detected"
    ASKED = "asked"
    CLOSED = "closed"
    VERIFIED = "verified"
    DROPPED = "dropped"


class GapCloser(StrEnum):
    CUSTOMER = "customer"
    RECORD = "record"
    STAFF = "staff"


KINDS: Mapping[GapSort, frozenset[GapKind]] = {
    GapSort.REQUEST: frozenset({GapKind.VAGUE, GapKind.INCOMPLETE, GapKind.CONTRADICTORY, GapKind.OUT_OF_SCOPE}),
    GapSort.DATA: frozenset({GapKind.MISSING, GapKind.STALE, GapKind.DUPLICATE, GapKind.CONFLICTING}),
    GapSort.KNOWLEDGE: frozenset({GapKind.MISSING, GapKind.UNCLEAR, GapKind.DUPLICATE, GapKind.CONTRADICTORY}),
}

_NEXT: Mapping[GapStatus, frozenset[GapStatus]] = {
    GapStatus.DETECTED: frozenset({GapStatus.ASKED, GapStatus.CLOSED, GapStatus.DROPPED}),
    GapStatus.ASKED: frozenset({GapStatus.CLOSED, GapStatus.DROPPED}),
    GapStatus.CLOSED: frozenset({GapStatus.VERIFIED, GapStatus.DROPPED}),
    GapStatus.VERIFIED: frozenset(),
    GapStatus.DROPPED: frozenset(),
}


@dataclass(frozen=True)
class Gap:
    gap_id: int
    sort: GapSort
    kind: GapKind
    status: GapStatus
    evidence: dict[str, Any]
    dropped_because: str | None
    closed_by: GapCloser | None
    worth: float | None
    conversation_id: str | None
    customer_id: str | None
    article_id: str | None
    created_at: datetime
    changed_at: datetime


def record_gap(
    connection: Connection,
    sort: GapSort,
    kind: GapKind,
    evidence: Mapping[str, Any],
    now: datetime,
    *,
    conversation_id: str | None = None,
    customer_id: str | None = None,
    article_id: str | None = None,
    worth: float | None = None,
) -> int:
    """Note a gap that was just detected; returns its number.

    Args:
        evidence: what was said, which record, where; JSON, never empty.
        worth: what closing it is worth, to sort by.

    Raises:
        ValueError: a request cannot be stale, data cannot be vague, ...; or there is no evidence.
    """
    if kind not in KINDS[sort]:
        raise ValueError(f"a {sort} gap is one of {', '.join(sorted(KINDS[sort]))}, not {kind}")
    if not evidence:
        raise ValueError(f"a gap needs evidence: what was said, which record, where ({sort}, {kind})")
    result = connection.execute(
        insert(gaps).values(
            sort=sort.value,
            kind=kind.value,
            status=GapStatus.DETECTED.value,
            evidence=dict(evidence),
            worth=worth,
            conversation_id=conversation_id,
            customer_id=customer_id,
            article_id=article_id,
            created_at=now,
            changed_at=now,
        )
    )
    return int(result.inserted_primary_key[0])


def advance_gap(
    connection: Connection,
    gap_id: int,
    status: GapStatus,
    now: datetime,
    *,
    closed_by: GapCloser | None = None,
    because: str | None = None,
) -> None:
    """Move a gap one step on.

    Args:
        closed_by: for CLOSED, who filled it.
        because: for DROPPED, why.

    Raises:
        IllegalTransition: the gap does not exist, or cannot go there from where it is.
        ValueError: `closed_by` or `because` is missing, or does not belong.
    """
    if (closed_by is not None) != (status is GapStatus.CLOSED):
        raise ValueError(f"closed_by belongs to closed and is needed there; status {status}, closed_by {closed_by}")
    if bool(because) != (status is GapStatus.DROPPED):
        raise ValueError(f"a reason belongs to dropped and is needed there; status {status}, reason {because!r}")
    old = get_gap(connection, gap_id)
    if old is None:
        raise IllegalTransition(f"There is no gap {gap_id}.")
    _check(old, status, closed_by)
    values: dict[str, Any] = {"status": status.value, "changed_at": now}
    if closed_by is not None:
        values["closed_by"] = closed_by.value
    if because:
        values["dropped_because"] = because[:120]
    moved = connection.execute(
        update(gaps).where(gaps.c.gap_id == gap_id, gaps.c.status == old.status.value).values(values)
    )
    if moved.rowcount == 0:
        raise IllegalTransition(f"Gap {gap_id} was {old.status} and changed meanwhile; read it again.")


def get_gap(connection: Connection, gap_id: int) -> Gap | None:
    row = connection.execute(select(gaps).where(gaps.c.gap_id == gap_id)).one_or_none()
    return None if row is None else _gap(row)


def list_gaps(
    connection: Connection,
    *,
    sort: GapSort | None = None,
    kinds: Collection[GapKind] | None = None,
    status: GapStatus | None = None,
    conversation_id: str | None = None,
    limit: int = 100,
) -> list[Gap]:
    """What is worth most first, then the newest."""
    query = select(gaps)
    if sort is not None:
        query = query.where(gaps.c.sort == sort.value)
    if kinds is not None:
        query = query.where(gaps.c.kind.in_([kind.value for kind in kinds]))
    if status is not None:
        query = query.where(gaps.c.status == status.value)
    if conversation_id is not None:
        query = query.where(gaps.c.conversation_id == conversation_id)
    query = query.order_by(gaps.c.worth.desc().nulls_last(), gaps.c.created_at.desc(), gaps.c.gap_id.desc())
    return [_gap(row) for row in connection.execute(query.limit(limit))]


def _check(old: Gap, status: GapStatus, closed_by: GapCloser | None) -> None:
    if status not in _NEXT[old.status]:
        allowed = ", ".join(sorted(_NEXT[old.status])) or "nowhere"
        raise IllegalTransition(f"Gap {old.gap_id} is {old.status}; from there it can go {allowed}, not {status}.")
    if old.status is GapStatus.DETECTED and closed_by is GapCloser.CUSTOMER:
        raise IllegalTransition(f"Gap {old.gap_id} was never asked about, so no customer can have closed it.")


def _gap(row: Row) -> Gap:
    return Gap(
        gap_id=row.gap_id,
        sort=GapSort(row.sort),
        kind=GapKind(row.kind),
        status=GapStatus(row.status),
        evidence=row.evidence,
        dropped_because=row.dropped_because,
        closed_by=None if row.closed_by is None else GapCloser(row.closed_by),
        worth=row.worth,
        conversation_id=row.conversation_id,
        customer_id=row.customer_id,
        article_id=row.article_id,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )

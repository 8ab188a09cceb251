import itertools
from datetime import timedelta

import pytest
from people import NOW
from sqlalchemy.engine import Connection

from crm_models.errors import IllegalTransition
from crm_models.gaps import (
    KINDS,
    GapCloser,
    GapKind,
    GapSort,
    GapStatus,
    advance_gap,
    get_gap,
    list_gaps,
    record_gap,
)

EVIDENCE = {"said": "the blue one", "missing": "order"}
LEGAL = {
    ("detected", "asked"),
    ("detected", "closed"),
    ("detected", "dropped"),
    ("asked", "closed"),
    ("asked", "dropped"),
    ("closed", "verified"),
    ("closed", "dropped"),
}
WAY_TO = {
    GapStatus.DETECTED: [],
    GapStatus.ASKED: [GapStatus.ASKED],
    GapStatus.CLOSED: [GapStatus.ASKED, GapStatus.CLOSED],
    GapStatus.VERIFIED: [GapStatus.ASKED, GapStatus.CLOSED, GapStatus.VERIFIED],
    GapStatus.DROPPED: [GapStatus.DROPPED],
}


def detect(connection: Connection) -> int:
    return record_gap(connection, GapSort.REQUEST, GapKind.INCOMPLETE, EVIDENCE, NOW, conversation_id="web-1")


def advance(connection: Connection, gap_id: int, status: GapStatus) -> None:
    advance_gap(
        connection,
        gap_id,
        status,
        NOW,
        closed_by=GapCloser.RECORD if status is GapStatus.CLOSED else None,
        because="customer left" if status is GapStatus.DROPPED else None,
    )


def test_a_gap_is_asked_about_closed_by_the_customer_and_verified(connection: Connection) -> None:
    gap_id = detect(connection)
    advance_gap(connection, gap_id, GapStatus.ASKED, NOW)
    advance_gap(connection, gap_id, GapStatus.CLOSED, NOW, closed_by=GapCloser.CUSTOMER)
    later = NOW + timedelta(minutes=1)
    advance_gap(connection, gap_id, GapStatus.VERIFIED, later)
    gap = get_gap(connection, gap_id)
    assert gap is not None
    assert (gap.status, gap.closed_by, gap.changed_at) == (GapStatus.VERIFIED, GapCloser.CUSTOMER, later)
    assert (gap.evidence, gap.created_at, gap.conversation_id) == (EVIDENCE, NOW, "web-1")


@pytest.mark.parametrize(("start", "goal"), list(itertools.product(GapStatus, GapStatus)))
def test_only_the_drawn_steps_are_possible(connection: Connection, start: GapStatus, goal: GapStatus) -> None:
    gap_id = detect(connection)
    for step in WAY_TO[start]:
        advance(connection, gap_id, step)
    if (start.value, goal.value) in LEGAL:
        advance(connection, gap_id, goal)
    else:
        with pytest.raises(IllegalTransition, match=f"Gap {gap_id} is {start}"):
            advance(connection, gap_id, goal)
        goal = start
    gap = get_gap(connection, gap_id)
    assert gap is not None and gap.status is goal


def test_a_customer_closes_only_what_was_asked(connection: Connection) -> None:
    with pytest.raises(IllegalTransition, match="never asked"):
        advance_gap(connection, detect(connection), GapStatus.CLOSED, NOW, closed_by=GapCloser.CUSTOMER)


def test_dropping_needs_a_reason_and_closing_needs_a_name(connection: Connection) -> None:
    gap_id = detect(connection)
    for status in (GapStatus.DROPPED, GapStatus.CLOSED):
        with pytest.raises(ValueError, match="needed there"):
            advance_gap(connection, gap_id, status, NOW)
    with pytest.raises(ValueError, match="belongs to"):
        advance_gap(connection, gap_id, GapStatus.ASKED, NOW, because="no time")
    with pytest.raises(IllegalTransition, match="no gap 999"):
        advance_gap(connection, 999, GapStatus.ASKED, NOW)


@pytest.mark.parametrize(("sort", "kind"), list(itertools.product(GapSort, GapKind)))
def test_each_sort_has_its_kinds(connection: Connection, sort: GapSort, kind: GapKind) -> None:
    if kind in KINDS[sort]:
        gap = get_gap(connection, record_gap(connection, sort, kind, EVIDENCE, NOW))
        assert gap is not None and (gap.sort, gap.kind, gap.status) == (sort, kind, GapStatus.DETECTED)
    else:
        with pytest.raises(ValueError, match=f"{sort} gap is one of .*not {kind}"):
            record_gap(connection, sort, kind, EVIDENCE, NOW)


def test_a_gap_without_evidence_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="evidence"):
        record_gap(connection, GapSort.DATA, GapKind.STALE, {}, NOW)


def test_what_is_worth_most_is_listed_first(connection: Connection) -> None:
    ids = [
        record_gap(connection, GapSort.KNOWLEDGE, GapKind.MISSING, EVIDENCE, NOW, worth=worth)
        for worth in (None, 2.0, 7.5)
    ]
    detect(connection)
    assert [gap.gap_id for gap in list_gaps(connection, sort=GapSort.KNOWLEDGE)] == ids[::-1]
    assert len(list_gaps(connection, conversation_id="web-1")) == 1
    advance(connection, ids[1], GapStatus.ASKED)
    assert [gap.gap_id for gap in list_gaps(connection, status=GapStatus.ASKED)] == [ids[1]]
    assert list_gaps(connection, sort=GapSort.KNOWLEDGE, kinds=[GapKind.DUPLICATE]) == []
    assert len(list_gaps(connection, limit=2)) == 2

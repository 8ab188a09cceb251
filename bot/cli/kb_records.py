"""What the shop's database knows of the use of articles, and the findings kept in it as knowledge gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.gaps import Gap, GapCloser, GapKind, GapSort, GapStatus, advance_gap, list_gaps, record_gap
from crm_models.masking import mask_text
from crm_models.tables import messages
from knowledge.care.demand import Unanswered
from knowledge.care.findings import Finding, Kind
from knowledge.care.report import Use

_KEPT = {Kind.CONTRADICTION: GapKind.CONTRADICTORY, Kind.DUPLICATE: GapKind.DUPLICATE}
_OPEN = (GapStatus.DETECTED, GapStatus.ASKED)
# Questions, and gaps of the care of articles, that are looked at: the latest.
_MOST = 10_000


def read_use(connection: Connection) -> Use:
    """Which articles were cited in the answers so far, and what was asked in vain, personal data masked."""
    answers, cited = 0, Counter[str]()
    rows = connection.execute(select(messages.c.passages).where(messages.c.passages.is_not(None)))
    for (passages,) in rows:
        if passages:
            answers += 1
            cited.update({str(passage).rpartition("#")[0] for passage in passages})
    return Use(answers, dict(cited), [_unanswered(gap) for gap in _open_questions(connection)])


def note_findings(connection: Connection, findings: Sequence[Finding], now: datetime) -> tuple[int, int]:
    """Note new duplicates and contradictions as gaps, once each, and close those that are gone.

    What staff dropped is not noted again until its words change.

    Returns:
        The number of gaps noted, and closed.
    """
    present = {finding.key: finding for finding in findings if finding.kind in _KEPT}
    kept = [gap for gap in _gaps(connection, _KEPT.values()) if "finding" in gap.evidence]
    known = {gap.evidence["finding"] for gap in kept if gap.status in (*_OPEN, GapStatus.DROPPED)}
    new = [finding for key, finding in present.items() if key not in known]
    for finding in new:
        evidence = {"finding": finding.key, **finding.as_json()}
        article = finding.articles[0]
        record_gap(connection, GapSort.KNOWLEDGE, _KEPT[finding.kind], evidence, now, article_id=article)
    gone = [gap for gap in kept if gap.status in _OPEN and gap.evidence["finding"] not in present]
    for gap in gone:
        advance_gap(connection, gap.gap_id, GapStatus.CLOSED, now, closed_by=GapCloser.RECORD)
    return len(new), len(gone)


def _open_questions(connection: Connection) -> list[Gap]:
    asked = _gaps(connection, (GapKind.MISSING, GapKind.UNCLEAR))
    return [gap for gap in asked if gap.status in _OPEN and str(gap.evidence.get("question") or "").strip()]


def _gaps(connection: Connection, kinds: Collection[GapKind]) -> list[Gap]:
    return list_gaps(connection, sort=GapSort.KNOWLEDGE, kinds=kinds, limit=_MOST)


def _unanswered(gap: Gap) -> Unanswered:
    near = [str(name) for name in gap.evidence.get("near") or ()]
    if gap.article_id is not None and gap.article_id not in near:
        near.insert(0, gap.article_id)
    return Unanswered(
        mask_text(str(gap.evidence["question"])), tuple(near), f"gap {gap.gap_id}, {gap.created_at:%Y-%m-%d}"
    )

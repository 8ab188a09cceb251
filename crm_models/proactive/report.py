"""How many messages were sent and why others were not, for the insights page and for whoever sets the rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.notices import DUE, SENT
from crm_models.tables import notices


@dataclass(frozen=True)
class KindCount:
    """One kind over some days; `reasons` are those of what was dropped or still waits, the most frequent first."""

    kind: NoticeKind
    sent_web: int
    sent_mail: int
    waiting: int
    dropped: int
    reasons: tuple[tuple[str, int], ...]


def count_notices(connection: Connection, since: date, until: date) -> list[KindCount]:
    """Notices that became due from `since` up to but without `until`, UTC; every kind of which there is one."""
    first, end = (datetime.combine(day, time()) for day in (since, until))
    columns = [notices.c[name] for name in ("kind", "status", "channel", "held_because", "dropped_because")]
    rows = connection.execute(
        select(*columns, func.count().label("count"))
        .where(notices.c.due_at >= first, notices.c.due_at < end)
        .group_by(*columns)
    ).all()
    counts = []
    for kind in NoticeKind:
        of_kind = [row for row in rows if row.kind == kind.value]
        if not of_kind:
            continue
        sent, waiting, why = Counter[str](), 0, Counter[str]()
        for row in of_kind:
            if row.status == SENT:
                sent[row.channel] += row.count
            else:
                waiting += row.count if row.status == DUE else 0
                why[_reason(row.dropped_because, row.held_because)] += row.count
        dropped = sum(row.count for row in of_kind) - sum(sent.values()) - waiting
        counts.append(KindCount(kind, sent["web"], sent["mail"], waiting, dropped, tuple(why.most_common())))
    return counts


def _reason(dropped_because: str | None, held_because: str | None) -> str:
    """What expired tells what held it until then."""
    if dropped_because is None:
        return f"waits: {held_because or 'not looked at'}"
    return f"{dropped_because}: {held_because}" if dropped_because == "expired" and held_because else dropped_because

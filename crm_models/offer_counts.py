"""How offers were answered, and how soon, for the insights page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.offers import ACCEPTED, DECLINED, OfferKind
from crm_models.tables import offers


@dataclass(frozen=True)
class OfferCount:
    """One kind over some days."""

    kind: OfferKind
    made: int
    accepted: int
    declined: int
    answered_within: timedelta | None  # the median of those whose time of answer is known

    @property
    def unanswered(self) -> int:
        return self.made - self.accepted - self.declined


def count_offers(connection: Connection, since: date, until: date) -> list[OfferCount]:
    """Offers made from `since` up to but without `until`, UTC; every kind of which there is one."""
    first, end = (datetime.combine(day, time()) for day in (since, until))
    rows = connection.execute(
        select(offers.c.kind, offers.c.status, offers.c.created_at, offers.c.answered_at).where(
            offers.c.created_at >= first, offers.c.created_at < end
        )
    ).all()
    found = []
    for kind in OfferKind:
        of_kind = [row for row in rows if row.kind == kind.value]
        if not of_kind:
            continue
        answers = Counter(row.status for row in of_kind)
        waited = [row.answered_at - row.created_at for row in of_kind if row.answered_at is not None]
        found.append(
            OfferCount(kind, len(of_kind), answers[ACCEPTED], answers[DECLINED], median(waited) if waited else None)
        )
    return found

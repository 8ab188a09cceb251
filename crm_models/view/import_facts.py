"""Keeping what a file says of customers: each value once a source, with the newest date that it was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from crm_models.tables import profile_facts
from crm_models.view.importing import Import, Progress
from crm_models.view.profile import CONFIDENCE, SourceKind
from crm_models.view.writing import parts, write

_Key = tuple[str, str, str]  # customer, field, value
# What a source says of a customer is newer than what it said before, also where both name the same second (or day).
_AFTER = timedelta(microseconds=1)
_SAME = timedelta(seconds=1)


@dataclass(frozen=True)
class Said:
    """What one row of a file says of a customer: values by field."""

    customer_id: str
    as_of: datetime
    values: Mapping[str, str]


def keep_facts(connection: Connection, said: Iterable[Said], how: Import, say: Progress | None = None) -> int:
    """Write what was not known, and renew the date of what is said again later; how many values are new.

    A value that a source went back to (Cologne, Bonn, Cologne) holds again because of its new date.
    """
    said = list(said)
    known = _known(connection, sorted({each.customer_id for each in said}), how.source)
    last: dict[str, datetime] = {}
    for (customer_id, _, _), (_, at) in known.items():
        last[customer_id] = max(last.get(customer_id, at), at)
    newest: dict[_Key, datetime] = {}
    for each in said:
        at, before = each.as_of, last.get(each.customer_id)
        if before is not None and timedelta(0) <= before - at < _SAME:
            at = before + _AFTER
        last[each.customer_id] = at if before is None else max(before, at)
        for field, value in each.values.items():
            key = (each.customer_id, field, value[:200])
            newest[key] = max(newest.get(key, at), at)
    later = [{"id": known[key][0], "at": at} for key, at in newest.items() if key in known and at > known[key][1]]
    if later:
        here = profile_facts.c.fact_id == bindparam("id")
        connection.execute(update(profile_facts).where(here).values(as_of=bindparam("at")), later)
    return write(connection, profile_facts, [_row(key, at, how) for key, at in newest.items() if key not in known], say)


def _row(key: _Key, as_of: datetime, how: Import) -> dict[str, Any]:
    customer_id, field, value = key
    return {
        "customer_id": customer_id,
        "field": field,
        "value": value,
        "source": how.source,
        "source_kind": SourceKind.IMPORT.value,
        "as_of": as_of,
        "confidence": CONFIDENCE[SourceKind.IMPORT],
    }


def _known(connection: Connection, customer_ids: list[str], source: str) -> dict[_Key, tuple[int, datetime]]:
    """(number, date) of what the source said of these customers before."""
    found = {}
    for some in parts(customer_ids):
        own = profile_facts.c.customer_id.in_(list(some)) & (profile_facts.c.source == source)
        for row in connection.execute(select(profile_facts).where(own)):
            found[row.customer_id, row.field, row.value] = (row.fact_id, row.as_of)
    return found

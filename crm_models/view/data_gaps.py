"""What is unclear about a customer, as gaps: possible doubles; values that contradict, are old or missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.gaps import GapKind, GapSort, record_gap
from crm_models.tables import customer_links, gaps, profile_facts
from crm_models.view.clusters import LinkStatus
from crm_models.view.person import person_of
from crm_models.view.profile import NEEDED, ProfileField, person_profile


def note_gaps(connection: Connection, now: datetime) -> int:
    """Record what is not on record yet, for customers that are linked, wait for review or were imported; how many.

    A gap that was closed or dropped is recorded again only when its evidence is another.
    """
    known = _known(connection)
    new = 0
    for customer_id, kind, evidence in [*_duplicates(connection), *_fields(connection, now)]:
        key = (customer_id, kind.value, _essence(evidence))
        if key not in known:
            known.add(key)
            record_gap(connection, GapSort.DATA, kind, evidence, now, customer_id=customer_id)
            new += 1
    return new


def _duplicates(connection: Connection) -> Iterator[tuple[str, GapKind, dict[str, Any]]]:
    waiting = select(customer_links).where(customer_links.c.status == LinkStatus.REVIEW.value)
    for row in connection.execute(waiting.order_by(customer_links.c.link_id)).all():
        yield row.left_id, GapKind.DUPLICATE, {"field": "customer", "other": row.right_id, "pair": row.link_id}


def _fields(connection: Connection, now: datetime) -> Iterator[tuple[str, GapKind, dict[str, Any]]]:
    """Once per person, at the customer that names the person."""
    told = set(connection.execute(select(profile_facts.c.customer_id).distinct()).scalars())
    linked = select(customer_links.c.left_id).where(customer_links.c.status == LinkStatus.LINKED.value).distinct()
    told |= set(connection.execute(linked).scalars())
    for person in sorted({person_of(connection, each)[0] for each in told}):
        fields = person_profile(connection, person, now)
        for each in fields:
            if each.conflicts:
                yield person, GapKind.CONFLICTING, _conflict(each)
            if each.stale:
                evidence = {"field": each.field, "value": each.best.value, "as_of": f"{each.best.as_of:%Y-%m-%d}"}
                yield person, GapKind.STALE, evidence
        for name in sorted(set(NEEDED) - {each.field for each in fields} - _by_name(fields)):
            yield person, GapKind.MISSING, {"field": name}


def _by_name(fields: tuple[ProfileField, ...]) -> set[str]:
    return {"first_name", "last_name"} if any(each.field == "name" for each in fields) else set()


def _conflict(each: ProfileField) -> dict[str, Any]:
    said = [each.best, *each.conflicting]
    return {
        "field": each.field,
        "values": [{"value": fact.value, "source": fact.source, "as_of": f"{fact.as_of:%Y-%m-%d}"} for fact in said],
    }


def _known(connection: Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(select(gaps).where(gaps.c.sort == GapSort.DATA.value))
    return {(row.customer_id, row.kind, _essence(row.evidence)) for row in rows if row.customer_id}


def _essence(evidence: dict[str, Any]) -> str:
    """What makes two gaps of a customer the same one."""
    values = sorted({str(each["value"]) for each in evidence.get("values", ())})
    return f"{evidence.get('field')}|{evidence.get('other', '')}|{evidence.get('as_of', '')}|{'|'.join(values)}"

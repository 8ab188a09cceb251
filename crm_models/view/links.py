"""Which customers are one person: a table of links, read through `person_of`. All can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.errors import BadLink
from crm_models.tables import customer_links, customers
from crm_models.view.clusters import Decision, LinkMethod, LinkStatus, Pair, decide
from crm_models.view.linking import score_pairs
from crm_models.view.person import person_of, touches
from crm_models.view.records import as_table
from crm_models.view.stored_records import read_records


@dataclass(frozen=True)
class Link:
    """Two customers that are one person, may be, or are not, and why."""

    link_id: int
    left_id: str
    right_id: str
    status: LinkStatus
    method: LinkMethod
    probability: float | None
    evidence: tuple[tuple[str, float | None], ...]  # what was found, and its weight in bits, strongest first
    reason: str | None
    decided_by: str | None
    changed_at: datetime


@dataclass(frozen=True)
class LinkReport:
    """What one run found: new links by method, new pairs to review, and pairs kept apart as households."""

    customers: int
    linked: dict[str, int]
    review: int
    kept_apart: int


def link_customers(
    connection: Connection, now: datetime, *, country: str | None = None, progress: Callable[[str], None] | None = None
) -> LinkReport:
    """Find customers that are one person; what was decided before stays.

    Args:
        country: two letters; of phone numbers that name no country.
        progress: called with what is being done.
    """
    records = read_records(connection, now, country)
    scored = score_pairs(as_table(records), progress=progress)
    by_status = _pairs(connection)
    found = decide(
        records,
        scored,
        by_status[LinkStatus.LINKED],
        by_status[LinkStatus.REVIEW],
        by_status[LinkStatus.REJECTED],
    )
    if found.new:
        connection.execute(insert(customer_links), [_row(each, now) for each in found.new])
    linked = [each for each in found.new if each.status is LinkStatus.LINKED]
    return LinkReport(
        customers=len(records),
        linked={str(method): sum(each.method is method for each in linked) for method in LinkMethod},
        review=len(found.new) - len(linked),
        kept_apart=found.kept_apart,
    )


def list_links(
    connection: Connection, status: LinkStatus | None = None, customer_id: str | None = None, limit: int = 50
) -> list[Link]:
    """The least certain first, so that what a person should look at comes first."""
    query = select(customer_links)
    if status is not None:
        query = query.where(customer_links.c.status == status.value)
    if customer_id is not None:
        query = query.where(touches(customer_id))
    query = query.order_by(customer_links.c.probability.asc().nulls_last(), customer_links.c.link_id)
    return [_link(row) for row in connection.execute(query.limit(limit))]


def resolve_review(connection: Connection, link_id: int, accepted: bool, who: str, now: datetime) -> Link:
    """Say of a pair that waits whether it is one person; remembered, so that it is never asked again.

    Raises:
        BadLink: there is no such pair, or it does not wait, or it would join what was rejected.
    """
    link = _get(connection, link_id)
    if link.status is not LinkStatus.REVIEW:
        raise BadLink(
            f"Pair {link_id} does not wait for review: it is {link.status}. "
            "`rapport customers review` lists those that do."
        )
    if accepted:
        _refuse_rejected(connection, (link.left_id, link.right_id))
    _set(connection, link_id, LinkStatus.LINKED if accepted else LinkStatus.REJECTED, who, now, link.reason)
    return _get(connection, link_id)


def link_by_hand(connection: Connection, one: str, other: str, who: str, now: datetime, reason: str) -> Link:
    """Say that two customers are one person, whatever was found or decided of them before.

    Raises:
        BadLink: they are the same, do not exist, or belong to persons that were rejected as one.
    """
    pair = _checked(connection, one, other)
    found = _between(connection, pair)
    _refuse_rejected(connection, pair)
    if found is None:
        connection.execute(
            insert(customer_links).values(
                left_id=pair[0],
                right_id=pair[1],
                status=LinkStatus.LINKED.value,
                method=LinkMethod.STAFF.value,
                evidence=[{"says": "linked by hand", "weight": None}],
                reason=reason[:160],
                decided_by=who[:60],
                created_at=now,
                changed_at=now,
            )
        )
    else:
        _set(connection, found.link_id, LinkStatus.LINKED, who, now, reason)
    link = _between(connection, pair)
    assert link is not None
    return link


def unlink(connection: Connection, one: str, other: str, who: str, now: datetime, reason: str) -> Link:
    """Undo a link; the pair is remembered and never linked by the program again.

    Raises:
        BadLink: the two are not linked directly; names the links that join them where there are.
    """
    pair = _checked(connection, one, other)
    found = _between(connection, pair)
    if found is None or found.status is not LinkStatus.LINKED:
        raise BadLink(f"{pair[0]} and {pair[1]} are not linked directly{_by_way_of(connection, pair)}")
    _set(connection, found.link_id, LinkStatus.REJECTED, who, now, reason)
    return _get(connection, found.link_id)


def _by_way_of(connection: Connection, pair: Pair) -> str:
    if pair[1] not in person_of(connection, pair[0]):
        return "; `rapport customers links` shows who is."
    others = [each for each in person_of(connection, pair[0]) if each not in pair]
    return f", but by way of {', '.join(others)}: unlink one of those instead."


def _refuse_rejected(connection: Connection, pair: Pair) -> None:
    """Joining two persons must not make one of a pair that was rejected, the pair itself excepted."""
    one, other = person_of(connection, pair[0]), person_of(connection, pair[1])
    for link in _pairs(connection)[LinkStatus.REJECTED]:
        across = (link[0] in one and link[1] in other) or (link[0] in other and link[1] in one)
        if across and link != pair:
            raise BadLink(
                f"{pair[0]} and {pair[1]} would make one person of {link[0]} and {link[1]}, which were rejected. "
                f"Link those first, if they are one: `rapport customers join {link[0]} {link[1]}`."
            )


def _checked(connection: Connection, one: str, other: str) -> Pair:
    if one == other:
        raise BadLink(f"{one} is one customer already; name two.")
    known = set(
        connection.execute(select(customers.c.customer_id).where(customers.c.customer_id.in_([one, other]))).scalars()
    )
    for each in (one, other):
        if each not in known:
            raise BadLink(f"There is no customer {each!r}; `rapport customers links` shows customer numbers.")
    return (one, other) if one < other else (other, one)


def _pairs(connection: Connection) -> dict[LinkStatus, list[Pair]]:
    found: dict[LinkStatus, list[Pair]] = {status: [] for status in LinkStatus}
    rows = connection.execute(select(customer_links.c.left_id, customer_links.c.right_id, customer_links.c.status))
    for left, right, status in rows:
        found[LinkStatus(status)].append((left, right))
    return found


def _between(connection: Connection, pair: Pair) -> Link | None:
    row = connection.execute(
        select(customer_links).where(customer_links.c.left_id == pair[0], customer_links.c.right_id == pair[1])
    ).one_or_none()
    return None if row is None else _link(row)


def _get(connection: Connection, link_id: int) -> Link:
    row = connection.execute(select(customer_links).where(customer_links.c.link_id == link_id)).one_or_none()
    if row is None:
        raise BadLink(f"There is no pair {link_id}; `rapport customers review` lists those that wait.")
    return _link(row)


def _set(connection: Connection, link_id: int, status: LinkStatus, who: str, now: datetime, reason: str | None) -> None:
    connection.execute(
        update(customer_links)
        .where(customer_links.c.link_id == link_id)
        .values(
            status=status.value, decided_by=who[:60], changed_at=now, reason=None if reason is None else reason[:160]
        )
    )


def _row(each: Decision, now: datetime) -> dict[str, Any]:
    return {
        "left_id": each.pair[0],
        "right_id": each.pair[1],
        "status": each.status.value,
        "method": each.method.value,
        "probability": each.probability,
        "evidence": [{"says": says, "weight": weight} for says, weight in each.evidence],
        "reason": each.reason,
        "created_at": now,
        "changed_at": now,
    }


def _link(row: Row) -> Link:
    return Link(
        link_id=row.link_id,
        left_id=row.left_id,
        right_id=row.right_id,
        status=LinkStatus(row.status),
        method=LinkMethod(row.method),
        probability=row.probability,
        evidence=tuple((each["says"], each["weight"]) for each in row.evidence),
        reason=row.reason,
        decided_by=row.decided_by,
        changed_at=row.changed_at,
    )

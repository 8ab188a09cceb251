"""What is known of a customer, by whom and since when. Contradictions stay; one function says which value holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.order_records import OrderStatus
from crm_models.tables import customers, orders, profile_facts
from crm_models.view import normalise
from crm_models.view.import_marks import from_files
from crm_models.view.person import person_of


class SourceKind(StrEnum):
    """Where a value comes from, in the order of trust: what stands first holds against what stands later."""

    VERIFIED = "verified"  # the customer said so in a conversation in which they proved who they are
    STAFF = "staff"  # a member of staff entered it
    ORDER = "order"  # the address a parcel was delivered to
    ACCOUNT = "account"  # the customer's own row in the shop
    IMPORT = "import"  # a file


TRUST = tuple(SourceKind)
CONFIDENCE = {
    SourceKind.VERIFIED: 0.95,
    SourceKind.STAFF: 0.9,
    SourceKind.ORDER: 0.85,
    SourceKind.ACCOUNT: 0.8,
    SourceKind.IMPORT: 0.6,
}
# A value loses half of its confidence in this time: people move. What never changes is not here.
HALF_LIFE = {
    "address1": timedelta(days=4 * 365),
    "city": timedelta(days=5 * 365),
    "postcode": timedelta(days=5 * 365),
    "phone": timedelta(days=5 * 365),
    "email": timedelta(days=6 * 365),
}
STALE = timedelta(days=3 * 365)
_ACCOUNT = ("first_name", "last_name", "email", "phone", "address1", "city", "state", "postcode", "country")
_ADDRESS = ("address1", "city", "state", "postcode", "country")
# Without these a customer cannot be written to.
NEEDED = ("first_name", "last_name", "email", "address1", "city", "postcode")


@dataclass(frozen=True)
class Fact:
    """One source's value of one field of a customer."""

    customer_id: str
    field: str
    value: str
    source: str
    source_kind: SourceKind
    as_of: datetime
    confidence: float  # 0 to 1, of the source, before age

    def confidence_at(self, now: datetime) -> float:
        """What is left of the confidence, halved once in `HALF_LIFE`."""
        half = HALF_LIFE.get(self.field)
        age = max(now - self.as_of, timedelta(0))
        return self.confidence if half is None else self.confidence * 0.5 ** (age / half)


@dataclass(frozen=True)
class ProfileField:
    """The value that holds, and what other sources say instead."""

    field: str
    best: Fact
    agreeing: tuple[Fact, ...]
    conflicting: tuple[Fact, ...]
    stale: bool

    @property
    def conflicts(self) -> bool:
        return bool(self.conflicting)


def customer_facts(connection: Connection, customer_ids: Collection[str]) -> list[Fact]:
    """All that is said of these customers: kept facts, their own rows, and the addresses of delivered orders."""
    chosen = list(customer_ids)
    kept = connection.execute(select(profile_facts).where(profile_facts.c.customer_id.in_(chosen)))
    facts = [_fact(row) for row in kept]
    copied = from_files(connection, chosen)
    for row in connection.execute(select(customers).where(customers.c.customer_id.in_(chosen))):
        own = [name for name in _ACCOUNT if (row.customer_id, name) not in copied]
        facts += _said(row, own, "customer account", SourceKind.ACCOUNT, row.created_at)
    delivered = select(orders).where(
        orders.c.customer_id.in_(chosen), orders.c.status == OrderStatus.DELIVERED.value, orders.c.address1.is_not(None)
    )
    for row in connection.execute(delivered):
        at = row.delivered_at or row.placed_at
        facts += _said(row, _ADDRESS, f"order {row.order_id}", SourceKind.ORDER, at)
    return facts


def best_value(facts: Iterable[Fact]) -> Fact | None:
    """The value that holds: of the most trusted source, then the newest, then the more confident.

    The order of trust is that of `SourceKind`; a file never overrules what a customer said.
    """
    ranked = sorted(
        facts, key=lambda fact: (TRUST.index(fact.source_kind), -fact.as_of.timestamp(), -fact.confidence, fact.value)
    )
    return ranked[0] if ranked else None


def person_profile(connection: Connection, customer_id: str, now: datetime) -> tuple[ProfileField, ...]:
    """Each field of the person behind a customer, over all records that are linked to it."""
    return _fields(customer_facts(connection, person_of(connection, customer_id)), now)


def customer_profile(connection: Connection, customer_id: str, now: datetime) -> tuple[ProfileField, ...]:
    """Each field of one customer number alone, whoever else it may be linked to."""
    return _fields(customer_facts(connection, [customer_id]), now)


def best_facts(connection: Connection, now: datetime, fields: Collection[str]) -> dict[str, list[Fact]]:
    """Of each customer, the kept value of each of these fields that holds."""
    grouped: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    rows = connection.execute(select(profile_facts).where(profile_facts.c.field.in_(list(fields))))
    for row in rows:
        grouped[row.customer_id, row.field].append(_fact(row))
    best: defaultdict[str, list[Fact]] = defaultdict(list)
    for (customer_id, _), found in grouped.items():
        holds = best_value(found)
        if holds is not None:
            best[customer_id].append(holds)
    return best


def _fields(facts: Iterable[Fact], now: datetime) -> tuple[ProfileField, ...]:
    by_field: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_field[fact.field].append(fact)
    return tuple(_field(name, found, now) for name, found in sorted(by_field.items()))


def _field(name: str, facts: list[Fact], now: datetime) -> ProfileField:
    best = best_value(facts)
    assert best is not None, "a field is there because a source says something of it"
    same: list[Fact] = []
    others: list[Fact] = []
    for fact in facts:
        if fact is not best:
            (same if comparable(name, fact.value) == comparable(name, best.value) else others).append(fact)
    newest = max(fact.as_of for fact in (best, *same))
    return ProfileField(name, best, tuple(same), tuple(others), name in HALF_LIFE and now - newest > STALE)


def comparable(field: str, value: str) -> object:
    """Equal for values that mean the same."""
    if field == "email":
        return normalise.email(value) or value
    if field == "phone":
        return "".join(c for c in value if c.isdigit())[-9:]
    if field == "address1":
        return normalise.street(value)
    return normalise.code(value)


def _said(row: Any, fields: Collection[str], source: str, kind: SourceKind, at: datetime) -> list[Fact]:
    return [
        Fact(row.customer_id, name, str(getattr(row, name)), source, kind, at, CONFIDENCE[kind])
        for name in fields
        if getattr(row, name)
    ]


def _fact(row: Any) -> Fact:
    return Fact(
        row.customer_id, row.field, row.value, row.source, SourceKind(row.source_kind), row.as_of, row.confidence
    )

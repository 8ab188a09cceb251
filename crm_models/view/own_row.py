"""The customer's own row, which replies are made from, follows what files say, until somebody better has spoken.

A column that the shop itself filled stays: a file is less trusted (`profile.SourceKind`). A column that was empty, or
that a file filled, holds the value that holds among the facts: what the customer said when verified, then the staff,
then the newest file. An address is taken from one source as a whole, so that no street gets another one's town.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from crm_models.customers import normal_email
from crm_models.tables import customers
from crm_models.view.import_marks import FILLED, MADE, filled_key, from_files, read_marks, stamp
from crm_models.view.importing import Import
from crm_models.view.profile import Fact, SourceKind, best_value, comparable, customer_facts
from crm_models.view.writing import parts

_ADDRESS = ("address1", "address2", "city", "state", "postcode", "country")
_SINGLE = ("first_name", "last_name", "email", "phone", "language")
# A parcel may go to somebody else, so the address of an order is no reason to change the customer's own.
_SPEAKERS = frozenset(SourceKind) - {SourceKind.ORDER}


@dataclass(frozen=True)
class Followed:
    changed: frozenset[str]  # customers whose row holds other values now
    held: frozenset[str]  # customers of whom a more trusted source says something else than the file


def follow_facts(
    connection: Connection, customer_ids: Collection[str], since: Mapping[str, datetime], how: Import
) -> Followed:
    """Bring the rows of these customers up to date with what is said of them.

    Args:
        since: when a customer joined, for those of whom the file says so; only rows made from files take it.
    """
    changed, held, filled = set(), set(), []
    made = read_marks(connection, MADE).keys()
    for some in parts(sorted(set(customer_ids))):
        free = from_files(connection, some)
        said = _by_customer(customer_facts(connection, some))
        for row in connection.execute(select(customers).where(customers.c.customer_id.in_(list(some)))).all():
            facts = [each for each in said[row.customer_id] if each.source_kind in _SPEAKERS]
            open_columns = _open(row, free)
            found = _best_row(facts, open_columns)
            if row.customer_id in made and row.customer_id in since:
                found["created_at"] = since[row.customer_id]
            other = {name: value for name, value in found.items() if getattr(row, name) != value}
            if other:
                connection.execute(update(customers).where(customers.c.customer_id == row.customer_id).values(**other))
                changed.add(row.customer_id)
                filled += [(row.customer_id, name) for name in other if name in open_columns]
            if _overruled(facts, how.source):
                held.add(row.customer_id)
    _mark_filled(connection, [each for each in filled if each[0] not in made], how)
    return Followed(frozenset(changed), frozenset(held))


def _mark_filled(connection: Connection, filled: Sequence[tuple[str, str]], how: Import) -> None:
    before = from_files(connection, {each for each, _ in filled})
    new = [each for each in filled if each not in before]
    stamp(connection, FILLED, [(filled_key(*each), "") for each in new], (), how)


def _open(row: Any, free: Collection[tuple[str, str]]) -> set[str]:
    """The columns that facts may fill: empty ones, and those that say what a file said."""

    def is_open(name: str) -> bool:
        return (row.customer_id, name) in free or not getattr(row, name)

    found = {name for name in (*_SINGLE, "country") if is_open(name)}
    # The shop's own street does not get a town from a file.
    if all(is_open(name) for name in _ADDRESS if name != "country"):
        found |= set(_ADDRESS) - {"country"}
    return found


def _best_row(facts: Sequence[Fact], columns: Collection[str]) -> dict[str, Any]:
    """The values that hold, by column; nothing for a column of which nothing is said."""
    by_field: defaultdict[str, list[Fact]] = defaultdict(list)
    for each in facts:
        by_field[each.field].append(each)
    row: dict[str, Any] = {}
    for name in _SINGLE:
        best = best_value(by_field[name])
        if best is not None:
            row[name] = normal_email(best.value) if name == "email" else best.value
    row |= _address(by_field)
    return {name: _fitting(name, value) for name, value in row.items() if name in columns}


def _address(by_field: Mapping[str, Sequence[Fact]]) -> dict[str, str | None]:
    """All parts as one source gave them at one time; a country alone may come from another one."""
    told = [each for name in (*_ADDRESS, "house") for each in by_field.get(name, ())]
    leading = best_value(by_field.get("address1", ())) or best_value(each for each in told if each.field != "country")
    country = best_value(by_field.get("country", ()))
    row: dict[str, str | None] = {"country": country.value} if country else {}
    if leading is None:
        return row
    together = {
        each.field: each.value
        for each in sorted(told, key=lambda each: each.value)
        if (each.source, each.as_of) == (leading.source, leading.as_of)
    }
    street = " ".join(each for each in (together.pop("house", None), together.get("address1")) if each)
    row |= {name: together.get(name) for name in _ADDRESS if name != "country"}
    row |= {"address1": street or None}
    return row | ({"country": together["country"]} if "country" in together else {})


def _fitting(name: str, value: Any) -> Any:
    most = getattr(customers.c[name].type, "length", None)
    return value[:most] if isinstance(value, str) and most else value


def _overruled(facts: Sequence[Fact], source: str) -> bool:
    """Whether a more trusted source says something else than this file does now."""
    by_field: defaultdict[str, list[Fact]] = defaultdict(list)
    for each in facts:
        by_field[each.field].append(each)
    return any(_against(field, said, source) for field, said in by_field.items())


def _against(field: str, said: Sequence[Fact], source: str) -> bool:
    ours = best_value(each for each in said if each.source == source and each.source_kind is SourceKind.IMPORT)
    best = best_value(said)
    if ours is None or best is None or best.source_kind is SourceKind.IMPORT:
        return False
    return comparable(field, best.value) != comparable(field, ours.value)


def _by_customer(facts: Iterable[Fact]) -> defaultdict[str, list[Fact]]:
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for each in facts:
        found[each.customer_id].append(each)
    return found

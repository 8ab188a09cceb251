"""Marks of what came from a file, so that importing it again is harmless."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from crm_models.tables import import_marks
from crm_models.view.importing import Import
from crm_models.view.writing import parts, write

CUSTOMER, ORDER, EVENT = "customer", "order", "event"
# A customer whose own row was made from a file: it says nothing that the files do not.
MADE = "made"
# A column of a customer's own row that was empty until a file filled it; the key is `filled_key`.
FILLED = "filled"
_KEY = 80  # letters of a key

ROW_COLUMNS = (
    "first_name", "last_name", "email", "phone", "address1", "address2", "city", "state", "postcode", "country",
    "language",
)  # fmt: skip


def digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def mark_key(source: str, record: str) -> str:
    """Of a record that several sources may tell of; a long one is cut, and stays the only one of its kind."""
    key = f"{source}:{record}"
    return key if len(key) <= _KEY else f"{key[:39]}:{digest(key)[:40]}"


def filled_key(customer_id: str, column: str) -> str:
    return f"{customer_id} {column}"


def read_marks(connection: Connection, kind: str) -> dict[str, str]:
    """What was imported before: digest by key."""
    query = select(import_marks.c.key, import_marks.c.digest).where(import_marks.c.kind == kind)
    return {key: value for key, value in connection.execute(query)}


def stamp(
    connection: Connection, kind: str, stamps: Iterable[tuple[str, str]], known: Collection[str], how: Import
) -> None:
    """Write marks (key, digest), over those whose keys are known."""
    new = []
    for key, value in stamps:
        values = {"source": how.source, "digest": value, "imported_at": how.now}
        if key in known:
            here = (import_marks.c.kind == kind) & (import_marks.c.key == key)
            connection.execute(update(import_marks).where(here).values(**values))
        else:
            new.append({"kind": kind, "key": key, **values})
    write(connection, import_marks, new)


def from_files(connection: Connection, customer_ids: Collection[str]) -> frozenset[tuple[str, str]]:
    """(customer, column) where the customer's own row says what files said, and nothing by itself."""
    found: set[tuple[str, str]] = set()
    for some in parts(sorted(set(customer_ids))):
        made = select(import_marks.c.key).where(import_marks.c.kind == MADE, import_marks.c.key.in_(list(some)))
        found |= {(each, name) for each in connection.execute(made).scalars() for name in ROW_COLUMNS}
        keys = {filled_key(each, name): (each, name) for each in some for name in ROW_COLUMNS}
        filled = select(import_marks.c.key).where(import_marks.c.kind == FILLED, import_marks.c.key.in_(list(keys)))
        found |= {keys[key] for key in connection.execute(filled).scalars()}
    return frozenset(found)

"""Writing imported customers, orders and events: in one transaction; the same again changes nothing."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.engine import Connection

from crm_models.order_records import LineStatus, OrderStatus
from crm_models.tables import (
    browse_events,
    customers,
    import_marks,
    items,
    order_lines,
    orders,
    products,
    profile_facts,
    returns,
)
from crm_models.view.changes import Changes
from crm_models.view.cleaning import dates, drop, drop_missing, drop_repeated, tidy_ids, tidy_texts
from crm_models.view.customer_rows import FACTS, clean_customers
from crm_models.view.mapping import Kind
from crm_models.view.order_lines import book_returns, clean_lines
from crm_models.view.profile import CONFIDENCE, MADE, SourceKind

if TYPE_CHECKING:
    import pandas as pd

BATCH = 5000
CATEGORY = "imported"
_SEEN = ("view", "search", "cart")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Import:
    """How a table is brought in.

    `rates`: what one unit of another currency is worth in the shop's; `country`: of phone numbers without a code.
    """

    kind: Kind
    source: str
    now: datetime
    currency: str = "USD"
    rates: Mapping[str, float] | None = None
    country: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """Rows in the source, rows written by table, records that were there already, and what was changed or refused."""

    rows: int
    written: dict[str, int]
    unchanged: int
    changes: Changes


def import_table(
    connection: Connection, table: pd.DataFrame, how: Import, progress: Progress | None = None
) -> ImportReport:
    """Clean and write a table whose columns are named as fields (`crm_models.view.mapping`).

    Args:
        table: texts, missing values None.
        progress: called with a table's name, and rows done and rows in all.
    """
    table = table.reset_index(drop=True)
    changes = Changes(table)
    say = progress or (lambda _name, _done, _all: None)
    say("cleaning", 0, len(table))
    bring = {Kind.CUSTOMERS: _customers, Kind.ORDERS: _orders, Kind.EVENTS: _events}[how.kind]
    written, unchanged = bring(connection, table, how, changes, say)
    return ImportReport(len(table), {name: count for name, count in written.items() if count}, unchanged, changes)


def _customers(
    connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress
) -> tuple[dict[str, int], int]:
    rows = clean_customers(table, changes, how.now, how.country)
    marks = _marks(connection, "customer")
    there = set(connection.execute(select(customers.c.customer_id)).scalars())
    new, facts, stamps, unchanged = [], [], [], 0
    by_id: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_id[row["customer_id"]].append(row)
    for customer_id, group in by_id.items():
        digest = _digest(*sorted(str(sorted(each.items())) for each in group))
        if marks.get(f"{how.source}:{customer_id}"[:80]) == digest:
            unchanged += 1
            continue
        if customer_id not in there:
            new.append(_customer_row(customer_id, group[-1], how.now))
        for each in group:
            facts += [_fact(customer_id, name, each[name], each["as_of"], how) for name in FACTS if each.get(name)]
        stamps.append((f"{how.source}:{customer_id}"[:80], digest))
    _write(connection, customers, new, say)
    count = _write(connection, profile_facts, _new_facts(connection, facts), say)
    _stamp(connection, "customer", stamps, set(marks), how)
    _stamp(connection, MADE, [(each["customer_id"], "") for each in new], set(), how)
    return {"customers": len(new), "profile_facts": count}, unchanged


def _customer_row(customer_id: str, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    names = ("first_name", "last_name", "email", "phone", "address2", "city", "state", "postcode", "country")
    address = " ".join(part for part in (row.get("house"), row.get("address1")) if part) or None
    return {
        "customer_id": customer_id,
        **{name: row.get(name) for name in names},
        "address1": address,
        "language": row.get("language") or "en",
        "tier": "basic",
        "created_at": row.get("created_at") or now,
    }


def _fact(customer_id: str, field: str, value: str, as_of: datetime | None, how: Import) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "field": field,
        "value": value[:200],
        "source": how.source,
        "source_kind": SourceKind.IMPORT.value,
        "as_of": as_of or how.now,
        "confidence": CONFIDENCE[SourceKind.IMPORT],
    }


def _new_facts(connection: Connection, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = ("customer_id", "field", "value", "source")
    known = {tuple(row) for row in connection.execute(select(*(profile_facts.c[name] for name in key)))}
    found = []
    for each in facts:
        its = tuple(each[name] for name in key)
        if its not in known:
            known.add(its)
            found.append(each)
    return found


def _orders(
    connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress
) -> tuple[dict[str, int], int]:
    lines = clean_lines(table, changes, how.now, currency=how.currency, rates=how.rates or {})
    lines = book_returns(lines, changes)
    marks = _marks(connection, "order")
    own = set(connection.execute(select(orders.c.order_id)).scalars()) - set(marks)
    lines = drop(lines, lines["order_id"].isin(own), "the order is in the shop already, and not from a file", changes)
    digests = _order_digests(lines)
    fresh = {order_id for order_id, digest in digests.items() if marks.get(order_id) != digest}
    unchanged = len(digests) - len(fresh)
    lines = lines[lines["order_id"].isin(fresh)]
    _remove_lines(connection, sorted(fresh & set(marks)))
    heads = lines.sort_values("placed_at").drop_duplicates("order_id")
    written = {
        "customers": _write(connection, customers, _buyers(connection, heads), say),
        "products": _write(connection, products, _products(connection, lines), say),
        "items": _write(connection, items, _items(connection, lines), say),
        "orders": _write(connection, orders, _order_rows(heads[~heads["order_id"].isin(set(marks))]), say),
        "order_lines": _write(connection, order_lines, _line_rows(lines), say),
    }
    written["returns"] = _write(connection, returns, _return_rows(connection, lines), say)
    _stamp(connection, "order", [(each, digests[each]) for each in sorted(fresh)], set(marks), how)
    return written, unchanged


def _order_digests(lines: pd.DataFrame) -> dict[str, str]:
    parts = ["order_id", "customer_id", "placed_at", "item_id", "quantity", "price_cents", "returned_at"]
    columns = [lines[name].astype(str) for name in parts]
    text = ["|".join(each) for each in zip(*columns, strict=True)]
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for order_id, line in zip(lines["order_id"], text, strict=True):
        grouped[order_id].append(line)
    return {order_id: _digest(*sorted(each)) for order_id, each in grouped.items()}


def _remove_lines(connection: Connection, order_ids: list[str]) -> None:
    for start in range(0, len(order_ids), 500):
        some = order_ids[start : start + 500]
        connection.execute(delete(returns).where(returns.c.order_id.in_(some)))
        connection.execute(delete(order_lines).where(order_lines.c.order_id.in_(some)))


def _buyers(connection: Connection, heads: pd.DataFrame) -> list[dict[str, Any]]:
    there = set(connection.execute(select(customers.c.customer_id)).scalars())
    first = heads[~heads["customer_id"].isin(there)].drop_duplicates("customer_id")
    country = first["country"] if "country" in first else [None] * len(first)
    return [
        {
            "customer_id": customer_id,
            "country": land if isinstance(land, str) else None,
            "language": "en",
            "tier": "basic",
            "created_at": at.to_pydatetime(),
        }
        for customer_id, at, land in zip(first["customer_id"], first["placed_at"], country, strict=True)
    ]


def _products(connection: Connection, lines: pd.DataFrame) -> list[dict[str, Any]]:
    there = set(connection.execute(select(products.c.product_id)).scalars())
    there |= set(connection.execute(select(items.c.item_id)).scalars())
    new = lines[~lines["item_id"].isin(there)]
    found = {}
    for row in new.drop_duplicates("item_id", keep="last").to_dict("records"):
        name, category = row.get("description"), row.get("category")
        found[row["item_id"]] = {
            "product_id": row["item_id"],
            "name": (name if isinstance(name, str) else row["item_id"])[:160],
            "category": (category if isinstance(category, str) else CATEGORY)[:60],
            "description": "",
            "attributes": {},
        }
    return list(found.values())


def _items(connection: Connection, lines: pd.DataFrame) -> list[dict[str, Any]]:
    there = set(connection.execute(select(items.c.item_id)).scalars())
    new = lines[~lines["item_id"].isin(there)].drop_duplicates("item_id", keep="last")
    pairs = zip(new["item_id"], new["price_cents"], strict=True)
    return [
        {"item_id": each, "product_id": each, "options": {}, "price_cents": int(price), "stock": 0}
        for each, price in pairs
    ]


def _order_rows(heads: pd.DataFrame) -> list[dict[str, Any]]:
    rows = zip(heads["order_id"], heads["customer_id"], heads["placed_at"], strict=True)
    return [
        {
            "order_id": order_id,
            "customer_id": customer_id,
            "status": OrderStatus.DELIVERED.value,
            "placed_at": at.to_pydatetime(),
            "items_modified": False,
            "shipping_cents": 0,
            "discount_cents": 0,
        }
        for order_id, customer_id, at in rows
    ]


def _line_rows(lines: pd.DataFrame) -> list[dict[str, Any]]:
    returned = lines["returned_at"].notna()
    rows = zip(lines["order_id"], lines["item_id"], lines["quantity"], lines["price_cents"], returned, strict=True)
    return [
        {
            "order_id": order_id,
            "item_id": item_id,
            "quantity": int(quantity),
            "price_cents": int(price),
            "status": (LineStatus.RETURNED if back else LineStatus.ORDERED).value,
        }
        for order_id, item_id, quantity, price, back in rows
    ]


def _return_rows(connection: Connection, lines: pd.DataFrame) -> list[dict[str, Any]]:
    """A return names the line it is of, and the database numbers the lines."""
    back = lines[lines["returned_at"].notna()]
    times: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in back.itertuples():
        times[row.order_id, row.item_id, row.quantity, row.price_cents].append(row.returned_at)
    stored = (
        select(order_lines).where(order_lines.c.status == LineStatus.RETURNED.value).order_by(order_lines.c.line_id)
    )
    rows = []
    for line in connection.execute(stored):
        waiting = times.get((line.order_id, line.item_id, line.quantity, line.price_cents))
        if waiting:
            at = waiting.pop(0).to_pydatetime()
            rows.append(
                {
                    "order_id": line.order_id,
                    "line_id": line.line_id,
                    "kind": "return",
                    "status": "closed",
                    "created_at": at,
                }
            )
    return rows


def _events(
    connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress
) -> tuple[dict[str, int], int]:
    table = tidy_ids(tidy_texts(table.copy(), changes), ["event_id", "customer_id", "product_id"], changes)
    table = drop_repeated(drop_missing(table, ["customer_id", "at", "event"], changes), changes)
    at = dates(table["at"], "at", changes, how.now)
    table = drop(table.assign(at=at), at.isna(), "impossible date (none, before 1900 or to come)", changes)
    kinds = table["event"].str.casefold()
    table = drop(table.assign(event=kinds), ~kinds.isin(_SEEN), f"the event is none of {', '.join(_SEEN)}", changes)
    there = set(connection.execute(select(customers.c.customer_id)).scalars())
    table = drop(table, ~table["customer_id"].isin(there), "the customer is not in the shop", changes)
    sold = set(connection.execute(select(products.c.product_id)).scalars())
    if "product_id" in table:
        strange = table["product_id"].notna() & ~table["product_id"].isin(sold)
        table = drop(table, strange, "the product is not in the shop", changes)
    marks = _marks(connection, "event")
    rows, stamps, unchanged = [], [], 0
    for row in table.to_dict("records"):
        texts = {name: value if isinstance(value, str) else None for name, value in row.items()}
        digest = _digest(*(f"{name}={value}" for name, value in sorted(row.items())))
        key = f"{how.source}:{texts.get('event_id') or digest}"[:80]
        if key in marks:
            unchanged += 1
            continue
        marks[key] = digest
        stamps.append((key, digest))
        rows.append(
            {
                "customer_id": row["customer_id"],
                "kind": row["event"],
                "product_id": texts.get("product_id"),
                "query": (texts.get("query") or "")[:160] or None,
                "created_at": row["at"].to_pydatetime(),
            }
        )
    count = _write(connection, browse_events, rows, say)
    _stamp(connection, "event", stamps, set(), how)
    return {"browse_events": count}, unchanged


def _marks(connection: Connection, kind: str) -> dict[str, str]:
    """What was imported before: digest by key."""
    query = select(import_marks.c.key, import_marks.c.digest).where(import_marks.c.kind == kind)
    return {key: digest for key, digest in connection.execute(query)}


def _stamp(connection: Connection, kind: str, stamps: list[tuple[str, str]], known: set[str], how: Import) -> None:
    new = []
    for key, digest in stamps:
        values = {"source": how.source, "digest": digest, "imported_at": how.now}
        if key in known:
            here = (import_marks.c.kind == kind) & (import_marks.c.key == key)
            connection.execute(update(import_marks).where(here).values(**values))
        else:
            new.append({"kind": kind, "key": key, **values})
    _write(connection, import_marks, new, None)


def _write(connection: Connection, table: Table, rows: list[dict[str, Any]], say: Progress | None) -> int:
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(table), rows[start : start + BATCH])
        if say is not None:
            say(table.name, min(start + BATCH, len(rows)), len(rows))
    return len(rows)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

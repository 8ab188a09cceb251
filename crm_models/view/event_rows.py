"""Events from a table: cleaned, and those that were not taken before as rows of the shop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_models.view.changes import Changes
from crm_models.view.cleaning import dates, drop, drop_missing, drop_repeated, tidy_ids, tidy_texts
from crm_models.view.import_marks import digest, mark_key

if TYPE_CHECKING:
    import pandas as pd

SEEN = ("view", "search", "cart")


def clean_events(
    table: pd.DataFrame, changes: Changes, now: datetime, customers: Collection[str], products: Collection[str]
) -> pd.DataFrame:
    """The events of customers and products that are in the shop; `at` as datetime64."""
    table = tidy_ids(tidy_texts(table.copy(), changes), ["event_id", "customer_id", "product_id"], changes)
    table = drop_repeated(drop_missing(table, ["customer_id", "at", "event"], changes), changes)
    at = dates(table["at"], "at", changes, now)
    table = drop(table.assign(at=at), at.isna(), "impossible date (none, before 1900 or to come)", changes)
    kinds = table["event"].str.casefold()
    table = drop(table.assign(event=kinds), ~kinds.isin(SEEN), f"the event is none of {', '.join(SEEN)}", changes)
    table = drop(table, ~table["customer_id"].isin(customers), "the customer is not in the shop", changes)
    if "product_id" in table:
        strange = table["product_id"].notna() & ~table["product_id"].isin(products)
        table = drop(table, strange, "the product is not in the shop", changes)
    return table


def new_events(
    table: pd.DataFrame, marks: Mapping[str, str], source: str
) -> tuple[list[dict[str, Any]], list[tuple[str, str]], int]:
    """Rows of `browse_events`, their marks, and how many were taken before; without an id the same again is the same
    event."""
    rows, stamps, unchanged = [], [], 0
    taken = set(marks)
    for row in table.to_dict("records"):
        texts = {name: value if isinstance(value, str) else None for name, value in row.items()}
        value = digest(*(f"{name}={each}" for name, each in sorted(row.items())))
        key = mark_key(source, texts.get("event_id") or value)
        if key in taken:
            unchanged += 1
            continue
        taken.add(key)
        stamps.append((key, value))
        rows.append(
            {
                "customer_id": row["customer_id"],
                "kind": row["event"],
                "product_id": texts.get("product_id"),
                "query": (texts.get("query") or "")[:160] or None,
                "created_at": row["at"].to_pydatetime(),
            }
        )
    return rows, stamps, unchanged

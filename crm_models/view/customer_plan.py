"""What a file of customers means for the shop: who is new, what it says of each, and who has not changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_models.view.customer_rows import FACTS, split_name
from crm_models.view.import_facts import Said
from crm_models.view.import_marks import digest, mark_key
from crm_models.view.importing import Import

_TIER, _LANGUAGE = "basic", "en"  # until somebody says otherwise


@dataclass(frozen=True)
class CustomerPlan:
    """`new` are rows of `customers` that say no more than who and since when: the rest follows from what is said."""

    new: list[dict[str, Any]]
    said: list[Said]
    since: dict[str, datetime]  # when a customer joined, where the file says so
    stamps: list[tuple[str, str]]
    unchanged: int


def plan_customers(
    rows: Sequence[Mapping[str, Any]], marks: Mapping[str, str], known: Collection[str], how: Import
) -> CustomerPlan:
    """Compare cleaned rows (`customer_rows`), of which a customer may have several, with what was imported before.

    Args:
        marks: of customers, as `import_marks` keeps them.
        known: ids of the customers that are in the shop.
    """
    by_id: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_id[row["customer_id"]].append(row)
    new, said, stamps, unchanged = [], [], [], 0
    since: dict[str, datetime] = {}
    for customer_id, group in by_id.items():
        key = mark_key(how.source, customer_id)
        value = digest(*sorted(str(sorted(each.items())) for each in group))
        if marks.get(key) == value:
            unchanged += 1
            continue
        joined = [each["created_at"] for each in group if each["created_at"] is not None]
        if joined:
            since[customer_id] = joined[-1]
        if customer_id not in known:
            new.append(new_customer(customer_id, since.get(customer_id, how.now)))
        said += [Said(customer_id, each["as_of"] or how.now, _values(each)) for each in group]
        stamps.append((key, value))
    return CustomerPlan(new, said, since, stamps, unchanged)


def new_customer(customer_id: str, created_at: datetime) -> dict[str, Any]:
    """A row of `customers` of whom nothing else is known."""
    return {"customer_id": customer_id, "language": _LANGUAGE, "tier": _TIER, "created_at": created_at}


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    """What the row says, by field; of a whole name also its parts, where the row does not name them."""
    values = {name: row[name] for name in FACTS if row.get(name)}
    if "name" in values and not values.keys() & {"first_name", "last_name"}:
        parts = zip(("first_name", "last_name"), split_name(values["name"]), strict=True)
        values |= {name: part for name, part in parts if part}
    return values

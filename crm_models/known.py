"""What the shop knows and thinks of a customer, each with its source, as the customer may ask for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.order_records import OrderStatus
from crm_models.tables import items, order_lines, orders, predictions, products
from crm_models.view.profile import ProfileField, SourceKind, customer_profile

# What is told together. Others of the account's columns are parts of these, or say nothing of the person.
_TOLD = {
    "name": ("first_name", "last_name"),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("address1", "postcode", "city", "country"),
}
MOST_KINDS = 3


@dataclass(frozen=True)
class KnownValue:
    field: str  # name, email, phone, address
    value: str
    source: SourceKind  # of the part that is known least surely
    since: datetime
    others: tuple[str, ...]  # what other sources say instead


@dataclass(frozen=True)
class Estimate:
    """A score of a model, as its label; what it counts in stays with the staff."""

    model: str
    label: str | None
    scored_at: datetime


def known_values(connection: Connection, customer_id: str, now: datetime) -> tuple[KnownValue, ...]:
    """Of this customer number alone: a link to another one may be wrong, and is no reason to tell of it."""
    fields = {each.field: each for each in customer_profile(connection, customer_id, now)}
    told = []
    for name, parts in _TOLD.items():
        found = [fields[part] for part in parts if part in fields]
        if found:
            told.append(_together(name, found))
    return tuple(told)


def estimates(connection: Connection, customer_id: str) -> tuple[Estimate, ...]:
    """What models think of the customer; nothing before the first scoring."""
    rows = connection.execute(
        select(predictions.c.model, predictions.c.label, predictions.c.scored_at)
        .where(predictions.c.customer_id == customer_id)
        .order_by(predictions.c.model)
    )
    return tuple(Estimate(row.model, row.label, row.scored_at) for row in rows)


def favourite_kinds(connection: Connection, customer_id: str) -> tuple[str, ...]:
    """The categories most of the customer's purchases are of, most often bought first; cancelled ones do not count."""
    rows = connection.execute(
        select(products.c.category, order_lines.c.quantity)
        .select_from(
            orders.join(order_lines, order_lines.c.order_id == orders.c.order_id)
            .join(items, items.c.item_id == order_lines.c.item_id)
            .join(products, products.c.product_id == items.c.product_id)
        )
        .where(orders.c.customer_id == customer_id, orders.c.status != OrderStatus.CANCELLED.value)
        .order_by(products.c.category)
    )
    counted: Counter[str] = Counter()
    for category, quantity in rows:
        counted[category] += quantity
    return tuple(category for category, _ in counted.most_common(MOST_KINDS))


def _together(name: str, parts: list[ProfileField]) -> KnownValue:
    weakest = max(parts, key=lambda part: list(SourceKind).index(part.best.source_kind))
    others = {fact.value for part in parts for fact in part.conflicting}
    return KnownValue(
        field=name,
        value=(" " if name == "name" else ", ").join(part.best.value for part in parts),
        source=weakest.best.source_kind,
        since=weakest.best.as_of,
        others=tuple(sorted(others)),
    )

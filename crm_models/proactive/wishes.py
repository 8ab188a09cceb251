"""What customers want to be told unasked: agreed to, stopped, and products they wait for. All of it holds at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crm_models.catalogue import Item, stock_of
from crm_models.consents import ConsentChange, Purpose, has_consent, set_consent
from crm_models.proactive.kinds import NoticeKind
from crm_models.tables import customers, items, products, stock_watches


class WatchOutcome(Enum):
    WATCHING = "watching"
    ALREADY_WATCHING = "already_watching"
    IN_STOCK = "in_stock"  # nothing to wait for
    UNKNOWN_OPTION = "unknown_option"


class WishOutcome(Enum):
    ON = "on"
    ON_WITHOUT_HISTORY = "on_without_history"  # of no effect until the history may be used too
    ALREADY_ON = "already_on"


@dataclass(frozen=True)
class WatchResult:
    """`items`: those waited for, those in stock, or all there are when the option is unknown."""

    outcome: WatchOutcome
    items: tuple[Item, ...]


def watch_product(
    connection: Connection,
    customer_id: str,
    product_id: str,
    option: str | None,
    conversation_id: str | None,
    now: datetime,
) -> WatchResult:
    """Wait for the options that `option` names, or for all; for none when one of them can be had.

    Asking for it is the consent to be told, once. Asking again makes the wish anew: an old one may be forgotten. An
    unknown product gives UNKNOWN_OPTION without items.
    """
    found = stock_of(connection, product_id, option)
    if not found.items:
        every = stock_of(connection, product_id)
        return WatchResult(WatchOutcome.UNKNOWN_OPTION, (*every.items, *every.alternatives))
    there = tuple(item for item in found.items if item.stock > 0)
    if there:
        return WatchResult(WatchOutcome.IN_STOCK, there)
    # The lock makes two windows of one customer take turns on PostgreSQL; SQLite has one writer anyway.
    connection.execute(select(customers.c.customer_id).where(customers.c.customer_id == customer_id).with_for_update())
    wished = [item.item_id for item in found.items]
    known = set(
        connection.execute(
            select(stock_watches.c.item_id).where(
                stock_watches.c.customer_id == customer_id,
                stock_watches.c.item_id.in_(wished),
                stock_watches.c.ended_at.is_(None),
            )
        ).scalars()
    )
    again = stock_watches.c.item_id.in_(wished) & stock_watches.c.ended_at.is_(None)
    connection.execute(
        update(stock_watches).where(stock_watches.c.customer_id == customer_id, again).values(ended_at=now)
    )
    for item_id in wished:
        connection.execute(
            insert(stock_watches).values(
                customer_id=customer_id, item_id=item_id, conversation_id=conversation_id, created_at=now
            )
        )
    set_consent(connection, customer_id, Purpose.NOTICE_BACK_IN_STOCK, True, "chat", now)
    outcome = WatchOutcome.ALREADY_WATCHING if known.issuperset(wished) else WatchOutcome.WATCHING
    return WatchResult(outcome, found.items)


def watched_products(connection: Connection, customer_id: str) -> list[str]:
    """Names of the products that the customer waits for, the oldest wish first."""
    rows = connection.execute(
        select(products.c.name)
        .join(items, items.c.product_id == products.c.product_id)
        .join(stock_watches, stock_watches.c.item_id == items.c.item_id)
        .where(stock_watches.c.customer_id == customer_id, stock_watches.c.ended_at.is_(None))
        .order_by(stock_watches.c.watch_id)
    )
    return list(dict.fromkeys(rows.scalars()))


def end_watches(connection: Connection, customer_id: str, now: datetime, product_id: str | None = None) -> int:
    """End the customer's waiting, for one product or for all; returns how many wishes ended."""
    ended = update(stock_watches).where(stock_watches.c.customer_id == customer_id, stock_watches.c.ended_at.is_(None))
    if product_id is not None:
        of_product = select(items.c.item_id).where(items.c.product_id == product_id)
        ended = ended.where(stock_watches.c.item_id.in_(of_product))
    return int(connection.execute(ended.values(ended_at=now)).rowcount)


def stop_notices(
    connection: Connection, customer_id: str, kinds: Collection[NoticeKind], source: str, now: datetime
) -> bool:
    """No more messages of these kinds; False when none was wanted anyway. `source` is chat, staff or link."""
    wanted = [kind for kind in kinds if has_consent(connection, customer_id, kind.purpose)]
    for kind in kinds:
        set_consent(connection, customer_id, kind.purpose, False, source, now)
    ended = end_watches(connection, customer_id, now) if NoticeKind.BACK_IN_STOCK in kinds else 0
    return bool(wanted or ended)


def want_notices(connection: Connection, customer_id: str, kind: NoticeKind, source: str, now: datetime) -> WishOutcome:
    """Messages of this kind from now on."""
    change = set_consent(connection, customer_id, kind.purpose, True, source, now)
    if kind is NoticeKind.WIN_BACK and not has_consent(connection, customer_id, Purpose.PERSONALISATION):
        return WishOutcome.ON_WITHOUT_HISTORY
    return WishOutcome.ON if change is ConsentChange.CHANGED else WishOutcome.ALREADY_ON

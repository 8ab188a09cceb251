"""Loyalty points: what a customer has, what it is worth, and what is about to expire."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.months import months_later
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import loyalty_entries

EXPIRING_SOON = timedelta(days=60)
EXPIRED = "expired"


@dataclass(frozen=True)
class PointsEntry:
    points: int  # negative when spent
    reason: str
    order_id: str | None
    created_at: datetime


@dataclass(frozen=True)
class PointsBalance:
    points: int
    worth_cents: int  # as a voucher
    expiring_points: int  # within EXPIRING_SOON
    expiring_on: datetime | None  # when the first of these expire


def points_history(connection: Connection, customer_id: str, limit: int = 20) -> list[PointsEntry]:
    """The customer's entries, newest first."""
    return list(reversed(_entries(connection, customer_id)))[:limit]


def points_balance(connection: Connection, customer_id: str, policy: ShopPolicy, now: datetime) -> PointsBalance:
    """What is left: points that were neither spent nor have expired, oldest spent first."""
    left = _unspent(_entries(connection, customer_id), policy.points_expire_months, now)
    points = sum(lot.points for lot in left)
    soon = [lot for lot in left if lot.expires_at is not None and lot.expires_at <= now + EXPIRING_SOON]
    return PointsBalance(
        points=points,
        worth_cents=points * 100 // policy.points_for_one_unit,
        expiring_points=sum(lot.points for lot in soon),
        expiring_on=min((lot.expires_at for lot in soon if lot.expires_at), default=None),
    )


def add_points(
    connection: Connection,
    customer_id: str,
    points: int,
    reason: str,
    now: datetime,
    order_id: str | None = None,
) -> None:
    """Book points earned (positive) or spent (negative)."""
    connection.execute(
        insert(loyalty_entries).values(
            customer_id=customer_id, points=points, reason=reason, order_id=order_id, created_at=now
        )
    )


@dataclass
class _Lot:
    points: int
    expires_at: datetime | None


def _entries(connection: Connection, customer_id: str) -> list[PointsEntry]:
    """Oldest first."""
    rows = connection.execute(
        select(
            loyalty_entries.c.points,
            loyalty_entries.c.reason,
            loyalty_entries.c.order_id,
            loyalty_entries.c.created_at,
        )
        .where(loyalty_entries.c.customer_id == customer_id)
        .order_by(loyalty_entries.c.created_at, loyalty_entries.c.entry_id)
    )
    return [PointsEntry(*row) for row in rows]


def _unspent(entries: Iterable[PointsEntry], months: int | None, now: datetime) -> list[_Lot]:
    """Play the history: earning makes a lot, spending eats the oldest lot that had not expired by then."""
    lots: deque[_Lot] = deque()
    for entry in entries:
        if entry.created_at > now:
            break
        if entry.reason == EXPIRED:
            continue  # a shop's own booking of what the lots' dates already say
        _drop_expired(lots, entry.created_at)
        if entry.points > 0:
            expires_at = None if months is None else months_later(entry.created_at, months)
            lots.append(_Lot(entry.points, expires_at))
            continue
        spend = -entry.points
        while spend > 0 and lots:
            taken = min(spend, lots[0].points)
            lots[0].points -= taken
            spend -= taken
            if lots[0].points == 0:
                lots.popleft()
    _drop_expired(lots, now)
    return list(lots)


def _drop_expired(lots: deque[_Lot], when: datetime) -> None:
    while lots and lots[0].expires_at is not None and lots[0].expires_at <= when:
        lots.popleft()

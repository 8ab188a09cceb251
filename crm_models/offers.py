"""What customers are offered: something off the next order, points, or a product. Each is kept, with its answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql import Select

from crm_models.loyalty import add_points
from crm_models.tables import offers

SHOWN, ACCEPTED, DECLINED = "shown", "accepted", "declined"  # status
PERK_POINTS = "perk"  # the reason of such points
# A code is typed by people: no letters or digits that look alike. 12 of 31 are 59 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 3, 4


class OfferKind(StrEnum):
    RETENTION = "retention"
    RECOMMENDATION = "recommendation"
    APOLOGY = "apology"
    PERK = "perk"


@dataclass(frozen=True)
class Offer:
    offer_id: int
    customer_id: str
    conversation_id: str | None
    kind: OfferKind
    product_id: str | None  # of a recommendation
    percent_off: int | None  # of a retention offer, off the next order
    credit_cents: int | None  # of an apology, off the next order
    points: int | None  # of a perk
    code: str | None
    reason: str
    model_version: str | None
    status: str  # SHOWN, ACCEPTED, DECLINED
    created_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None


def make_offer(
    connection: Connection,
    *,
    customer_id: str,
    conversation_id: str | None,
    kind: OfferKind,
    reason: str,
    model_version: str | None,
    now: datetime,
    valid: timedelta,
    percent_off: int | None = None,
    credit_cents: int | None = None,
    points: int | None = None,
) -> Offer:
    """Keep what is given: percent or money off the next order with a code, or points without one.

    Whether it may be given is decided before, see `crm_models.next_action`. The code is random, so that nobody can
    guess another customer's.
    """
    return _insert(
        connection,
        customer_id=customer_id,
        conversation_id=conversation_id,
        kind=kind.value,
        percent_off=percent_off,
        credit_cents=credit_cents,
        points=points,
        code=None if points else _new_code(),
        reason=reason[:120],
        model_version=model_version,
        created_at=now,
        expires_at=now + valid,
    )


def propose_recommendation(
    connection: Connection,
    customer_id: str,
    conversation_id: str,
    product_id: str,
    reason: str,
    model_version: str,
    now: datetime,
) -> Offer:
    """Note that a product was suggested; the same one again in the same conversation is the same offer."""
    shown = open_offer(connection, conversation_id)
    if shown and (shown.customer_id, shown.product_id) == (customer_id, product_id):
        return shown
    return _insert(
        connection,
        customer_id=customer_id,
        conversation_id=conversation_id,
        kind=OfferKind.RECOMMENDATION.value,
        product_id=product_id,
        reason=reason,
        model_version=model_version,
        created_at=now,
    )


def recommendation_reason(why: str, because_product_id: str | None) -> str:
    """What `offers.reason` holds of a suggestion: `popular`, or with the purchase behind it `because:KA-101`."""
    return f"{why}:{because_product_id}" if because_product_id else why


def open_offer(connection: Connection, conversation_id: str) -> Offer | None:
    """The offer that the conversation waits for an answer to: the latest without one.

    One of the same kind replaces the one before it; a discount stays open beside a suggestion.
    """
    latest = (
        select(func.max(offers.c.offer_id)).where(offers.c.conversation_id == conversation_id).group_by(offers.c.kind)
    )
    row = connection.execute(
        _SELECT.where(offers.c.offer_id.in_(latest), offers.c.status == SHOWN)
        .order_by(offers.c.offer_id.desc())
        .limit(1)
    ).one_or_none()
    return _offer(row)


def accept_offer(connection: Connection, offer_id: int, now: datetime) -> bool:
    """Note a yes, and book the points of a perk; False when it was answered before or is no longer valid."""
    if not _answer(connection, offer_id, ACCEPTED, now):
        return False
    row = connection.execute(
        select(offers.c.customer_id, offers.c.points).where(offers.c.offer_id == offer_id, offers.c.points.is_not(None))
    ).one_or_none()
    if row is not None:
        add_points(connection, row.customer_id, row.points, PERK_POINTS, now)
    return True


def decline_offer(connection: Connection, offer_id: int, now: datetime) -> bool:
    """Note a no, so that it is not offered again; False when it was answered before or is no longer valid."""
    return _answer(connection, offer_id, DECLINED, now)


def declined_products(connection: Connection, customer_id: str) -> frozenset[str]:
    """Products the customer said no to."""
    rows = connection.execute(
        select(offers.c.product_id).where(
            offers.c.customer_id == customer_id,
            offers.c.status == DECLINED,
            offers.c.product_id.is_not(None),
        )
    )
    return frozenset(rows.scalars())


_SELECT: Select = select(
    offers.c.offer_id,
    offers.c.customer_id,
    offers.c.conversation_id,
    offers.c.kind,
    offers.c.product_id,
    offers.c.percent_off,
    offers.c.credit_cents,
    offers.c.points,
    offers.c.code,
    offers.c.reason,
    offers.c.model_version,
    offers.c.status,
    offers.c.created_at,
    offers.c.expires_at,
    offers.c.answered_at,
)

_INSERT = insert(offers)
_COLUMNS = tuple(column.name for column in _SELECT.selected_columns if column.name != "offer_id")


def _offer(row: Row | None) -> Offer | None:
    return None if row is None else Offer(**{**row._mapping, "kind": OfferKind(row.kind)})


def _insert(connection: Connection, **values: Any) -> Offer:
    whole = {name: None for name in _COLUMNS} | values | {"status": SHOWN}
    offer_id = connection.execute(_INSERT, whole).inserted_primary_key[0]
    return Offer(**{**whole, "offer_id": offer_id, "kind": OfferKind(whole["kind"])})


def _answer(connection: Connection, offer_id: int, status: str, now: datetime) -> bool:
    result = connection.execute(
        update(offers)
        .where(
            offers.c.offer_id == offer_id,
            offers.c.status == SHOWN,
            offers.c.expires_at.is_(None) | (offers.c.expires_at > now),
        )
        .values(status=status, answered_at=now)
    )
    return bool(result.rowcount == 1)


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)

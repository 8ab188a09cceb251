"""What a customer is offered: a discount to stay, or a product that fits. Each is kept, with its answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql import Select

from crm_models.complaints import open_complaints
from crm_models.consents import Purpose, has_consent
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import customers, offers, predictions

CHURN = "churn"  # the model that says who may leave
AT_RISK = "at_risk"  # its label for those who probably do
# A code is typed by people: no letters or digits that look alike. 12 of 31 are 59 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 3, 4


class OfferKind(StrEnum):
    RETENTION = "retention"
    RECOMMENDATION = "recommendation"


class RetentionOutcome(StrEnum):
    OFFERED = "offered"
    NOT_AT_RISK = "not_at_risk"  # or never scored
    COMPLAINT_OPEN = "complaint_open"  # solve that first
    COOLING_OFF = "cooling_off"  # had one not long ago
    NOT_ALLOWED = "not_allowed"  # the shop gives this tier nothing
    NO_CONSENT = "no_consent"  # the customer does not want offers from what the shop knows
    ALREADY_OFFERED = "already_offered"  # the last one is still valid


@dataclass(frozen=True)
class Offer:
    offer_id: int
    customer_id: str
    conversation_id: str | None
    kind: OfferKind
    product_id: str | None  # of a recommendation
    percent_off: int | None  # of a retention offer, off the next order
    code: str | None
    reason: str
    model_version: str | None
    status: str  # shown, accepted, declined
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class RetentionResult:
    outcome: RetentionOutcome
    offer: Offer | None = None  # the new one, or that which is still valid


def propose_retention(
    connection: Connection, customer_id: str, conversation_id: str, policy: ShopPolicy, now: datetime
) -> RetentionResult:
    """A discount for a customer who may leave, where the shop's policy allows one.

    The code is random, so that nobody can guess another customer's. `reason` is the strongest reason of the
    churn score, as in `crm_models.churn`.
    """
    # The lock makes two conversations of one customer take turns on PostgreSQL; SQLite has one writer anyway.
    tier = connection.execute(
        select(customers.c.tier).where(customers.c.customer_id == customer_id).with_for_update()
    ).scalar_one_or_none()
    percent = 0 if tier is None else policy.terms(tier).retention_percent
    if percent == 0:
        return RetentionResult(RetentionOutcome.NOT_ALLOWED)
    if not has_consent(connection, customer_id, Purpose.PERSONALISATION):
        return RetentionResult(RetentionOutcome.NO_CONSENT)
    risk = _churn_risk(connection, customer_id)
    if risk is None or risk.label != AT_RISK:
        return RetentionResult(RetentionOutcome.NOT_AT_RISK)
    if open_complaints(connection, customer_id):
        return RetentionResult(RetentionOutcome.COMPLAINT_OPEN)
    last = _last_retention(connection, customer_id)
    if last is not None and last.status != "declined" and last.expires_at and now < last.expires_at:
        return RetentionResult(RetentionOutcome.ALREADY_OFFERED, last)
    if last is not None and now < last.created_at + timedelta(days=policy.retention_cooldown_days):
        return RetentionResult(RetentionOutcome.COOLING_OFF)
    offer = _insert(
        connection,
        customer_id=customer_id,
        conversation_id=conversation_id,
        kind=OfferKind.RETENTION.value,
        percent_off=percent,
        code=_new_code(),
        reason=risk.reasons[0] if risk.reasons else CHURN,
        model_version=risk.model_version,
        created_at=now,
        expires_at=now + timedelta(days=policy.retention_valid_days),
    )
    return RetentionResult(RetentionOutcome.OFFERED, offer)


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


def open_offer(connection: Connection, conversation_id: str) -> Offer | None:
    """The offer that the conversation waits for an answer to: the latest without one.

    A suggestion replaces the suggestion before it; a discount stays open beside a suggestion.
    """
    latest = (
        select(func.max(offers.c.offer_id)).where(offers.c.conversation_id == conversation_id).group_by(offers.c.kind)
    )
    row = connection.execute(
        _SELECT.where(offers.c.offer_id.in_(latest), offers.c.status == "shown")
        .order_by(offers.c.offer_id.desc())
        .limit(1)
    ).one_or_none()
    return _offer(row)


def accept_offer(connection: Connection, offer_id: int, now: datetime) -> bool:
    """Note a yes; False when it was answered before or is no longer valid."""
    return _answer(connection, offer_id, "accepted", now)


def decline_offer(connection: Connection, offer_id: int, now: datetime) -> bool:
    """Note a no, so that it is not offered again; False when it was answered before or is no longer valid."""
    return _answer(connection, offer_id, "declined", now)


def declined_products(connection: Connection, customer_id: str) -> frozenset[str]:
    """Products the customer said no to."""
    rows = connection.execute(
        select(offers.c.product_id).where(
            offers.c.customer_id == customer_id,
            offers.c.status == "declined",
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
    offers.c.code,
    offers.c.reason,
    offers.c.model_version,
    offers.c.status,
    offers.c.created_at,
    offers.c.expires_at,
)


def _offer(row: Row | None) -> Offer | None:
    return None if row is None else Offer(**{**row._mapping, "kind": OfferKind(row.kind)})


def _insert(connection: Connection, **values: object) -> Offer:
    result = connection.execute(insert(offers).values(status="shown", **values))
    row = connection.execute(_SELECT.where(offers.c.offer_id == result.inserted_primary_key[0])).one()
    offer = _offer(row)
    assert offer is not None
    return offer


def _answer(connection: Connection, offer_id: int, status: str, now: datetime) -> bool:
    result = connection.execute(
        update(offers)
        .where(
            offers.c.offer_id == offer_id,
            offers.c.status == "shown",
            offers.c.expires_at.is_(None) | (offers.c.expires_at > now),
        )
        .values(status=status)
    )
    return bool(result.rowcount == 1)


def _churn_risk(connection: Connection, customer_id: str) -> Row | None:
    return connection.execute(
        select(predictions.c.label, predictions.c.reasons, predictions.c.model_version).where(
            predictions.c.customer_id == customer_id, predictions.c.model == CHURN
        )
    ).one_or_none()


def _last_retention(connection: Connection, customer_id: str) -> Offer | None:
    row = connection.execute(
        _SELECT.where(offers.c.customer_id == customer_id, offers.c.kind == OfferKind.RETENTION.value)
        .order_by(offers.c.created_at.desc(), offers.c.offer_id.desc())
        .limit(1)
    ).one_or_none()
    return _offer(row)


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)

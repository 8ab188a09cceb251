"""Who a customer is: found by what they gave, described by what the shop knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, union_all
from sqlalchemy.engine import Connection

from crm_models.addresses import country_code
from crm_models.complaints import Complaint, open_complaints
from crm_models.consents import Purpose, read_consents
from crm_models.loyalty import PointsBalance, points_balance
from crm_models.order_records import OPEN
from crm_models.personal_fields import NEEDS_CONSENT, PersonalField, forbidden_fields
from crm_models.shop_policy import read_policy
from crm_models.tables import conversations, customers, identities, messages, orders, predictions


@dataclass(frozen=True)
class Prediction:
    """A model's score of this customer, and why."""

    model: str
    value: float | None
    label: str | None
    reasons: tuple[str, ...]  # strongest first
    model_version: str
    scored_at: datetime


@dataclass(frozen=True)
class Profile:
    customer_id: str
    first_name: str
    last_name: str
    email: str | None
    tier: str
    country: str | None  # two letters, where the shop's word for it is known
    language: str
    customer_since: datetime
    order_ids: tuple[str, ...]  # open orders first, then newest first
    open_order_ids: tuple[str, ...]
    points: PointsBalance
    predictions: dict[str, Prediction]  # by model
    last_contact: datetime | None
    open_complaints: tuple[Complaint, ...]
    consents: dict[Purpose, bool]
    forbidden: frozenset[PersonalField]  # by the customer, consent aside

    def may_use(self, field: PersonalField) -> bool:
        """Whether a reply may use the field; the same as `personal_fields.may_use`, without another query."""
        consented = field not in NEEDS_CONSENT or self.consents.get(Purpose.PERSONALISATION, False)
        return consented and field not in self.forbidden

    @property
    def called(self) -> str:
        """The first name for greetings; empty where it is unknown or the customer does not want it used."""
        return self.first_name if self.may_use(PersonalField.NAME) else ""

    @property
    def segment(self) -> str | None:
        """The customer's segment, None before the first scoring."""
        scored = self.predictions.get("segment")
        return scored.label if scored else None

    @property
    def churn_risk(self) -> float | None:
        """Probability of leaving, 0 to 1; None before the first scoring."""
        scored = self.predictions.get("churn")
        return scored.value if scored else None


def find_customer(
    connection: Connection,
    *,
    email: str | None = None,
    phone: str | None = None,
    customer_id: str | None = None,
) -> str | None:
    """The id of the one customer with this e-mail, phone number or id.

    None when there is none, or more than one: two accounts with the same phone are not told apart by it.
    Finding a customer proves nothing about who is asking.
    """
    given = [value for value in (email, phone, customer_id) if value is not None]
    if len(given) != 1:
        raise ValueError(f"find_customer takes one of email, phone and customer_id, got {len(given)}")
    if email is not None:
        found = _by_email(connection, normal_email(email))
    elif phone is not None:
        found = _by_phone(connection, normal_phone(phone))
    else:
        found = _column(connection, select(customers.c.customer_id).where(customers.c.customer_id == customer_id))
    return found.pop() if len(found) == 1 else None


def normal_email(email: str) -> str:
    """As it is stored and compared: no blanks around it, lower case."""
    return email.strip().lower()


def normal_phone(phone: str) -> str:
    """As it is compared: digits only, `+` and a leading 00 gone."""
    digits = re.sub(r"\D", "", phone)
    return digits.removeprefix("00")


def read_profile(connection: Connection, customer_id: str, now: datetime) -> Profile | None:
    """All the shop knows that changes how the customer is served; None when there is no such customer."""
    row = connection.execute(
        select(
            customers.c.first_name,
            customers.c.last_name,
            customers.c.email,
            customers.c.tier,
            customers.c.country,
            customers.c.language,
            customers.c.created_at,
        ).where(customers.c.customer_id == customer_id)
    ).one_or_none()
    if row is None:
        return None
    order_ids, open_order_ids = _orders(connection, customer_id)
    return Profile(
        customer_id=customer_id,
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        email=row.email,
        tier=row.tier,
        country=country_code(row.country) if row.country else None,
        language=row.language,
        customer_since=row.created_at,
        order_ids=order_ids,
        open_order_ids=open_order_ids,
        points=points_balance(connection, customer_id, read_policy(connection), now),
        predictions=_predictions(connection, customer_id),
        last_contact=_last_contact(connection, customer_id, now),
        open_complaints=tuple(open_complaints(connection, customer_id)),
        consents=read_consents(connection, customer_id),
        forbidden=forbidden_fields(connection, customer_id),
    )


def _column(connection: Connection, statement: object) -> set[str]:
    return {str(value) for value in connection.execute(statement).scalars()}


def _by_email(connection: Connection, email: str) -> set[str]:
    own = select(customers.c.customer_id).where(customers.c.email == email)
    linked = select(identities.c.customer_id).where(identities.c.kind == "email", identities.c.value == email)
    return _column(connection, union_all(own, linked))


def _by_phone(connection: Connection, digits: str) -> set[str]:
    # Stored as people wrote it, so compared in Python; the last digit narrows it down in the database.
    if len(digits) < 6:
        return set()
    ending = f"%{digits[-1]}"
    own = select(customers.c.customer_id, customers.c.phone).where(customers.c.phone.like(ending))
    linked = select(identities.c.customer_id, identities.c.value).where(
        identities.c.kind == "phone", identities.c.value.like(ending)
    )
    rows = connection.execute(union_all(own, linked))
    return {str(customer_id) for customer_id, phone in rows if normal_phone(phone) == digits}


def _orders(connection: Connection, customer_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    is_open = orders.c.status.in_([status.value for status in OPEN])
    rows = connection.execute(
        select(orders.c.order_id, case((is_open, 1), else_=0).label("open"))
        .where(orders.c.customer_id == customer_id)
        .order_by(case((is_open, 0), else_=1), orders.c.placed_at.desc(), orders.c.order_id)
    ).all()
    return tuple(row.order_id for row in rows), tuple(row.order_id for row in rows if row.open)


def _predictions(connection: Connection, customer_id: str) -> dict[str, Prediction]:
    rows = connection.execute(select(predictions).where(predictions.c.customer_id == customer_id))
    return {
        row.model: Prediction(
            model=row.model,
            value=row.value,
            label=row.label,
            reasons=tuple(row.reasons or ()),
            model_version=row.model_version,
            scored_at=row.scored_at,
        )
        for row in rows
    }


def _last_contact(connection: Connection, customer_id: str, now: datetime) -> datetime | None:
    """When the customer last wrote, in any conversation."""
    said = select(func.max(messages.c.created_at).label("at")).where(
        messages.c.customer_id == customer_id, messages.c.author == "customer", messages.c.created_at <= now
    )
    started = select(func.max(conversations.c.last_message_at).label("at")).where(
        conversations.c.customer_id == customer_id, conversations.c.last_message_at <= now
    )
    both = union_all(said, started).subquery()
    last: datetime | None = connection.execute(select(func.max(both.c.at))).scalar_one()
    return last

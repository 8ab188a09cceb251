"""What of a customer a reply may use, and what the customer forbade. The history is kept; the newest choice holds.

A field is used unless the customer forbade it. What is drawn from purchases or scores needs the consent
`personalisation` besides. Every personal sentence asks `may_use` first, so a choice takes effect at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.consents import Purpose, has_consent
from crm_models.tables import field_choices


class PersonalField(StrEnum):
    NAME = "name"  # in greetings
    TIER = "tier"  # answers name the terms of the own tier
    ORDERS = "orders"  # mentioned unasked, as in a greeting
    LAST_CONVERSATION = "last_conversation"  # what it was about, and what became of it
    PURCHASES = "purchases"  # suggestions from what was bought
    INTERESTS = "interests"  # scores: segment, churn and the like; they choose offers
    LOCATION = "location"  # answers name the terms of the own country


NEEDS_CONSENT = frozenset({PersonalField.PURCHASES, PersonalField.INTERESTS})


class ChoiceOutcome(StrEnum):
    FORBIDDEN = "forbidden"
    ALREADY_FORBIDDEN = "already_forbidden"
    ALLOWED = "allowed"
    ALREADY_ALLOWED = "already_allowed"


@dataclass(frozen=True)
class FieldChoice:
    field: PersonalField
    allowed: bool
    source: str  # chat, staff
    changed_at: datetime


def may_use(connection: Connection, customer_id: str, field: PersonalField) -> bool:
    """Whether a reply to this customer may use the field now."""
    if field in NEEDS_CONSENT and not has_consent(connection, customer_id, Purpose.PERSONALISATION):
        return False
    return field not in forbidden_fields(connection, customer_id)


def forbidden_fields(connection: Connection, customer_id: str) -> frozenset[PersonalField]:
    """What the customer forbade, consent aside."""
    choices = read_choices(connection, customer_id)
    return frozenset(field for field, choice in choices.items() if not choice.allowed)


def read_choices(connection: Connection, customer_id: str) -> dict[PersonalField, FieldChoice]:
    """The choice that holds for each field the customer ever chose about."""
    rows = connection.execute(
        select(field_choices)
        .where(field_choices.c.customer_id == customer_id)
        .order_by(field_choices.c.changed_at, field_choices.c.choice_id)
    )
    newest: dict[PersonalField, FieldChoice] = {}
    for row in rows:
        if row.field in PersonalField._value2member_map_:  # a field of another version is nobody's business
            field = PersonalField(row.field)
            newest[field] = FieldChoice(field, bool(row.allowed), row.source, row.changed_at)
    return newest


def choose(
    connection: Connection, customer_id: str, field: PersonalField, allowed: bool, source: str, now: datetime
) -> ChoiceOutcome:
    """Record the customer's will about a field; `source` is chat or staff."""
    if (field not in forbidden_fields(connection, customer_id)) is allowed:
        return ChoiceOutcome.ALREADY_ALLOWED if allowed else ChoiceOutcome.ALREADY_FORBIDDEN
    connection.execute(
        insert(field_choices).values(
            customer_id=customer_id, field=field.value, allowed=allowed, source=source, changed_at=now
        )
    )
    return ChoiceOutcome.ALLOWED if allowed else ChoiceOutcome.FORBIDDEN

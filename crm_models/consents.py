"""What a customer has agreed to. The history is kept; the newest row of a purpose holds."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, StrEnum

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.tables import consents


class Purpose(StrEnum):
    NEWSLETTER = "newsletter"
    PERSONALISATION = "personalisation"  # offers and recommendations from what was bought and looked at


class ConsentChange(Enum):
    CHANGED = "changed"
    ALREADY_SO = "already_so"


def has_consent(connection: Connection, customer_id: str, purpose: Purpose) -> bool:
    """False when the customer was never asked."""
    return _newest(connection, customer_id, purpose) is True


def read_consents(connection: Connection, customer_id: str) -> dict[Purpose, bool]:
    return {purpose: has_consent(connection, customer_id, purpose) for purpose in Purpose}


def set_consent(
    connection: Connection, customer_id: str, purpose: Purpose, granted: bool, source: str, now: datetime
) -> ConsentChange:
    """Record the customer's will; `source` is shop, chat or staff.

    A first "no" is recorded too: that somebody declined is worth knowing.
    """
    if _newest(connection, customer_id, purpose) is granted:
        return ConsentChange.ALREADY_SO
    connection.execute(
        insert(consents).values(
            customer_id=customer_id, purpose=purpose.value, granted=granted, changed_at=now, source=source
        )
    )
    return ConsentChange.CHANGED


def _newest(connection: Connection, customer_id: str, purpose: Purpose) -> bool | None:
    granted = connection.execute(
        select(consents.c.granted)
        .where(consents.c.customer_id == customer_id, consents.c.purpose == purpose.value)
        .order_by(consents.c.changed_at.desc(), consents.c.consent_id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if granted is None else bool(granted)

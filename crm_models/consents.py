"""What a customer has agreed to. The history is kept; the newest row of a purpose holds."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, StrEnum

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from crm_models.tables import consents


class Purpose(StrEnum):
    NEWSLETTER = "newsletter"
    PERSONALISATION = "personalisation"  # offers and recommendations from what was bought and looked at
    # messages that are sent unasked, one purpose for each kind (crm_models.proactive)
    NOTICE_DELIVERY_LATE = "notice_delivery_late"
    NOTICE_BACK_IN_STOCK = "notice_back_in_stock"
    NOTICE_WARRANTY_ENDS = "notice_warranty_ends"
    NOTICE_WIN_BACK = "notice_win_back"


class ConsentChange(Enum):
    CHANGED = "changed"
    ALREADY_SO = "already_so"


def has_consent(connection: Connection, customer_id: str, purpose: Purpose) -> bool:
    """False when the customer was never asked."""
    return _newest(connection, customer_id, purpose) is True


def read_consents(connection: Connection, customer_id: str) -> dict[Purpose, bool]:
    """Every purpose; False where the customer was never asked."""
    rows = connection.execute(
        select(consents.c.purpose, consents.c.granted)
        .where(consents.c.customer_id == customer_id)
        .order_by(consents.c.changed_at, consents.c.consent_id)
    )
    newest = {row.purpose: bool(row.granted) for row in rows}
    return {purpose: newest.get(purpose.value, False) for purpose in Purpose}


def is_granted(customer_id: ColumnElement[str], purpose: Purpose) -> ColumnElement[bool]:
    """A condition for queries over many customers: the newest row of the customer and purpose grants it."""
    newest = (
        select(consents.c.granted)
        .where(consents.c.customer_id == customer_id, consents.c.purpose == purpose.value)
        .order_by(consents.c.changed_at.desc(), consents.c.consent_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return newest.is_(True)


def set_consent(
    connection: Connection, customer_id: str, purpose: Purpose, granted: bool, source: str, now: datetime
) -> ConsentChange:
    """Record the customer's will; `source` is shop, chat, staff or link (of a message).

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

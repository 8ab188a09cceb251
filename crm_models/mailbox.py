"""Mail to customers, queued for the merchant's mailer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.tables import customers, mails


def queue_mail(
    connection: Connection, customer_id: str, template: str, fields: Mapping[str, Any], now: datetime
) -> str | None:
    """Queue a mail to the address the shop has of the customer; returns it, None when there is none.

    `fields` fill the template and must be what JSON can hold. The words are the template's.
    """
    recipient: str | None = connection.execute(
        select(customers.c.email).where(customers.c.customer_id == customer_id)
    ).scalar_one_or_none()
    if not recipient:
        return None
    connection.execute(
        insert(mails).values(
            customer_id=customer_id,
            recipient=recipient,
            template=template,
            fields=dict(fields),
            created_at=now,
        )
    )
    return recipient

"""The shop's customers as records to compare: their own row, and what other sources add where it says nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.identity import Trust
from crm_models.tables import conversations, customers, identities
from crm_models.view.profile import best_facts
from crm_models.view.records import Record, record_of

# Facts that the customer's own row has no column for.
_BESIDE = ("name", "house", "birth_date", "national_id", "loyalty_number")
_ROW = ("first_name", "last_name", "email", "phone", "address1", "address2", "city", "state", "postcode", "country")


def read_records(connection: Connection, now: datetime, country: str | None) -> list[Record]:
    """One record a customer, by id. An address counts as verified where it is linked as an identity of the customer, or
    where they were verified in a conversation."""
    facts = best_facts(connection, now, fields=_BESIDE)
    verified = _verified(connection)
    records = []
    for row in connection.execute(select(customers).order_by(customers.c.customer_id)):
        raw: dict[str, Any] = {name: getattr(row, name) for name in _ROW}
        raw |= {fact.field: fact.value for fact in facts.get(row.customer_id, ())}
        records.append(
            record_of(
                row.customer_id,
                raw,
                country=_two_letters(row.country) or country,
                today=now.date(),
                email_verified=(row.customer_id, "") in verified
                or (row.customer_id, (row.email or "").lower()) in verified,
            )
        )
    return records


def _verified(connection: Connection) -> set[tuple[str, str]]:
    """(customer, e-mail), with an empty e-mail for a customer who proved to be themselves."""
    proved = select(conversations.c.customer_id).where(conversations.c.trust == Trust.VERIFIED.name.lower())
    linked = select(identities.c.customer_id, identities.c.value).where(identities.c.kind == "email")
    return {(customer_id, "") for customer_id in connection.execute(proved).scalars() if customer_id} | {
        (customer_id, value.lower()) for customer_id, value in connection.execute(linked)
    }


def _two_letters(country: str | None) -> str | None:
    return country.upper() if country and len(country) == 2 else None

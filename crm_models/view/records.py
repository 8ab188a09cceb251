"""Customers as they are compared: one row each, normalised columns, None where nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from crm_models.view import normalise

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Record:
    """What is compared of one customer; every value normalised (`crm_models.view.normalise`)."""

    record_id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    house: str | None = None
    street: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None
    birth_date: str | None = None
    national_id: str | None = None
    loyalty_number: str | None = None
    email_verified: bool = False


COLUMNS = tuple(field.name for field in fields(Record))


def record_of(
    record_id: str, raw: Mapping[str, Any], *, country: str | None, today: date, email_verified: bool = False
) -> Record:
    """Normalise a customer's values.

    Args:
        raw: by field: first_name, last_name or name, email, phone, house, address1, address2, city, state, postcode,
            country, birth_date, national_id, loyalty_number.
        country: two letters; of phone numbers that name no country.
    """
    first, last = normalise.name(raw.get("first_name")), normalise.name(raw.get("last_name"))
    if first is None and last is None:
        first, last = normalise.full_name(raw.get("name"))
    street, house = normalise.street(raw.get("address1"), raw.get("house"))
    return Record(
        record_id=record_id,
        first_name=first,
        last_name=last,
        email=normalise.email(raw.get("email")),
        phone=normalise.phone(raw.get("phone"), country),
        house=house,
        street=street,
        address2=normalise.street(raw.get("address2"))[0],
        city=normalise.plain(raw.get("city")),
        state=normalise.plain(raw.get("state")),
        postcode=normalise.code(raw.get("postcode")),
        country=normalise.plain(raw.get("country")),
        birth_date=normalise.birth_date(raw.get("birth_date"), today),
        national_id=normalise.code(raw.get("national_id")),
        loyalty_number=normalise.code(raw.get("loyalty_number")),
        email_verified=email_verified,
    )


def as_table(records: list[Record]) -> pd.DataFrame:
    """One row a record, columns as in `COLUMNS`, missing values None (dtype object)."""
    import pandas as pd

    table = pd.DataFrame({name: [getattr(each, name) for each in records] for name in COLUMNS}, dtype=object)
    return table.where(table.notna(), None)

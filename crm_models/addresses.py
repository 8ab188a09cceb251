"""Postal addresses as the shop writes them on a parcel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from crm_models.tables import orders

_OPTIONAL = ("address2", "state")


@dataclass(frozen=True)
class Address:
    """`country` is written as the shop writes it: a two-letter code in the demo shop."""

    address1: str  # street and number
    city: str
    postcode: str
    country: str
    address2: str | None = None
    state: str | None = None

    def missing(self) -> tuple[str, ...]:
        """Names of the parts a parcel cannot do without, and that are empty or longer than a label holds."""
        return tuple(
            field.name
            for field in fields(self)
            if not _fits(field.name, getattr(self, field.name), optional=field.name in _OPTIONAL)
        )

    def columns(self) -> dict[str, str | None]:
        """The address columns of `orders` and `customers`, trimmed."""
        return {field.name: _trimmed(getattr(self, field.name)) for field in fields(self)}


def address_of(row: Any) -> Address:
    """From a row of `orders` or `customers`; parts that were never recorded are empty."""
    return Address(
        address1=row.address1 or "",
        city=row.city or "",
        postcode=row.postcode or "",
        country=row.country or "",
        address2=row.address2,
        state=row.state,
    )


def _fits(name: str, value: str | None, optional: bool) -> bool:
    text = _trimmed(value)
    if text is None:
        return optional
    return len(text) <= int(orders.c[name].type.length)


def _trimmed(value: str | None) -> str | None:
    return " ".join(value.split()) or None if value else None


_COUNTRIES = {
    "germany": "DE",
    "deutschland": "DE",
    "austria": "AT",
    "österreich": "AT",
    "netherlands": "NL",
    "holland": "NL",
    "nederland": "NL",
    "belgium": "BE",
    "belgië": "BE",
    "belgique": "BE",
    "belgien": "BE",
    "france": "FR",
    "frankreich": "FR",
    "ireland": "IE",
    "éire": "IE",
}


def country_code(name: str) -> str:
    """The two-letter code of a country the way people write it; unknown names come back as they are."""
    plain = " ".join(name.split())
    if len(plain) == 2:
        return plain.upper()
    return _COUNTRIES.get(plain.lower().removeprefix("in ").removeprefix("the "), plain)


def is_country(text: str) -> bool:
    """Whether `text` is the name or the code of a country and nothing else."""
    plain = " ".join(text.split()).strip(" .!").lower().removeprefix("in ").removeprefix("the ")
    return plain in _COUNTRIES or plain.upper() in set(_COUNTRIES.values())

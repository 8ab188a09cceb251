"""Customers from a table: cleaned, one row for each thing that a source says of a customer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_models.tables import customers
from crm_models.view import normalise
from crm_models.view.changes import Changes
from crm_models.view.cleaning import dates, drop, drop_missing, drop_repeated, tidy_ids, tidy_texts

if TYPE_CHECKING:
    import pandas as pd

# What becomes a fact with its source.
FACTS = (
    "name", "first_name", "last_name", "email", "phone", "house", "address1", "address2", "city", "state", "postcode",
    "country", "birth_date", "national_id", "loyalty_number", "language",
)  # fmt: skip


def clean_customers(table: pd.DataFrame, changes: Changes, now: datetime, country: str | None) -> list[dict[str, Any]]:
    """Rows by field, in the order of the table; the same customer may have several.

    A value that cannot be is left out and reported; the customer stays.
    """
    table = tidy_ids(tidy_texts(table.copy(), changes), ["customer_id", "loyalty_number", "national_id"], changes)
    table = drop_missing(table, ["customer_id"], changes)
    table = drop_repeated(table, changes)
    table = drop(table, table["customer_id"].str.len() > 60, "customer_id longer than 60 letters", changes)
    for name, rule, good in (
        ("email", "no e-mail address", lambda text: normalise.email(text) is not None),
        ("phone", "no possible phone number", lambda text: normalise.phone(text, country or "US") is not None),
    ):
        if name in table:
            given = table[name]
            wrong = given.notna() & ~given.map(good, na_action="ignore").eq(True).fillna(False).astype(bool)
            _leave_out(table, name, wrong, rule, changes)
    if "birth_date" in table:
        # 19151111 is a date, not a number.
        read = table["birth_date"].str.replace(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", regex=True)
        born = dates(read, "birth_date", changes, now)
        _leave_out(table, "birth_date", table["birth_date"].notna() & born.isna(), "impossible date of birth", changes)
        table["birth_date"] = born.dt.strftime("%Y-%m-%d").astype("string")
    times = {}
    for name in ("as_of", "created_at"):
        if name in table:
            times[name] = dates(table[name], name, changes, now)
            _leave_out(table, name, table[name].notna() & times[name].isna(), "impossible date", changes)
    for name in FACTS:
        _shorten(table, name, changes)
    rows: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items() if isinstance(value, str)} for row in table.to_dict("records")
    ]
    for position, row in enumerate(rows):
        for name in ("as_of", "created_at"):
            at = times[name].iloc[position] if name in times else None
            row[name] = at.to_pydatetime() if at is not None and at == at else None
    return rows


def _leave_out(table: pd.DataFrame, name: str, wrong: pd.Series[bool], rule: str, changes: Changes) -> None:
    changes.changed(rule, name, table.loc[wrong, name], table.loc[wrong, name].map(lambda _: "(left out)"))
    table.loc[wrong, name] = None


def _shorten(table: pd.DataFrame, name: str, changes: Changes) -> None:
    column = customers.c.get(name)
    most = getattr(column.type, "length", None) if column is not None else None
    if name in table and most:
        long = (table[name].str.len() > most).fillna(False).astype(bool)
        changes.changed(f"longer than {most} letters", name, table.loc[long, name], table.loc[long, name].str[:most])
        table.loc[long, name] = table.loc[long, name].str[:most]


def split_name(name: str) -> tuple[str | None, str | None]:
    """(first, last) as they are written in "Doe, Jane" and "Dr. Jane Doe"; one word is a last name."""
    if name.count(",") == 1:
        last, first = (part.strip() or None for part in name.split(","))
        return first, last
    words = name.split()
    while words and normalise.name(words[0]) is None:  # a title
        words = words[1:]
    return (" ".join(words[:-1]) or None, words[-1]) if words else (None, None)

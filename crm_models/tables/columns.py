"""What tables are made of: the metadata, columns that many have, and the mark of personal data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    MetaData,
    String,
    Table,
)

PERSONAL = {"personal": True}

# Named constraints, so that a migration can drop them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def personal(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, info=PERSONAL, **options)


def customer_id(**options: Any) -> Column[Any]:
    return Column("customer_id", ForeignKey("customers.customer_id"), index=True, **options)


def address() -> list[Column[Any]]:
    return [
        personal("address1", String(120)),
        personal("address2", String(120)),
        personal("city", String(80)),
        personal("state", String(80)),
        personal("postcode", String(20)),
        Column("country", String(60)),
    ]


def personal_columns(table: Table) -> list[str]:
    """Names of the columns of `table` that hold personal data."""
    return [column.name for column in table.columns if column.info.get("personal")]

"""Rows for tests about people: one line each."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models import tables

NOW = datetime(2026, 5, 13, 10, 0)


def add_customer(
    connection: Connection,
    customer_id: str = "C-000001",
    email: str | None = "ada@example.com",
    first_name: str = "Ada",
    phone: str | None = None,
    tier: str = "basic",
) -> str:
    connection.execute(
        insert(tables.customers).values(
            customer_id=customer_id,
            first_name=first_name,
            last_name="Miller",
            email=email,
            phone=phone,
            tier=tier,
            created_at=NOW - timedelta(days=400),
        )
    )
    return customer_id


def add_identity(connection: Connection, kind: str, value: str, customer_id: str = "C-000001") -> None:
    connection.execute(insert(tables.identities).values(kind=kind, value=value, customer_id=customer_id, linked_at=NOW))


def add_order(
    connection: Connection,
    order_id: str,
    customer_id: str = "C-000001",
    status: str = "pending",
    placed_at: datetime = NOW - timedelta(days=1),
) -> str:
    connection.execute(
        insert(tables.orders).values(order_id=order_id, customer_id=customer_id, status=status, placed_at=placed_at)
    )
    return order_id

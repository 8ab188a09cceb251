"""Who the customers are, and what they agreed to."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Table,
)

from crm_models.tables.columns import address, customer_id, metadata, personal

shop = Table(
    "shop",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
    comment="Facts of the shop: name, currency, policy, where the data came from",
)


customers = Table(
    "customers",
    metadata,
    Column("customer_id", String(60), primary_key=True),
    personal("first_name", String(80)),
    personal("last_name", String(80)),
    personal("email", String(160), index=True),
    personal("phone", String(40)),
    *address(),
    Column("language", String(10), nullable=False, default="en"),
    Column("tier", String(20), nullable=False, default="basic"),
    Column("created_at", DateTime, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", String(20), primary_key=True, comment="email, phone, chat, account"),
    personal("value", String(160), primary_key=True),
    customer_id(nullable=False),
    Column("linked_at", DateTime, nullable=False),
)

payment_methods = Table(
    "payment_methods",
    metadata,
    Column("payment_method_id", String(60), primary_key=True),
    customer_id(nullable=False),
    Column("kind", String(20), nullable=False, comment="credit_card, paypal, gift_card"),
    Column("brand", String(30)),
    personal("last_four", String(4)),
    Column("balance_cents", Integer, comment="gift cards only"),
)

consents = Table(
    "consents",
    metadata,
    Column("consent_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("purpose", String(30), nullable=False, comment="see crm_models.consents.Purpose"),
    Column("granted", Boolean, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Column("source", String(30), nullable=False, comment="shop, chat, staff, link"),
    comment="History: the newest row of a customer and purpose holds",
)

loyalty_entries = Table(
    "loyalty_entries",
    metadata,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("points", Integer, nullable=False, comment="negative when spent or expired"),
    Column("reason", String(60), nullable=False),
    Column("order_id", ForeignKey("orders.order_id")),
    Column("created_at", DateTime, nullable=False),
)

"""What was bought, sent, paid and sent back."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from crm_models.tables.columns import address, customer_id, metadata, personal

orders = Table(
    "orders",
    metadata,
    Column("order_id", String(40), primary_key=True, comment="upper case, without a leading #"),
    customer_id(nullable=False),
    Column("status", String(30), nullable=False, comment="see crm_models.orders.OrderStatus"),
    Column("placed_at", DateTime, nullable=False),
    Column("promised_on", DateTime),
    Column("delivered_at", DateTime),
    Column("cancelled_at", DateTime),
    Column("cancel_reason", String(60)),
    Column("items_modified", Boolean, nullable=False, default=False),
    Column("shipping_cents", Integer, nullable=False, default=0),
    Column("discount_cents", Integer, nullable=False, default=0),
    Column("payment_method_id", ForeignKey("payment_methods.payment_method_id")),
    *address(),
    Index("ix_orders_customer_id_placed_at", "customer_id", "placed_at"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("line_id", Integer, primary_key=True, autoincrement=True),
    Column("order_id", ForeignKey("orders.order_id"), nullable=False, index=True),
    Column("item_id", ForeignKey("items.item_id"), nullable=False, index=True),
    Column("quantity", Integer, nullable=False, default=1),
    Column("price_cents", Integer, nullable=False, comment="of one piece, when bought"),
    Column("status", String(30), nullable=False, default="ordered", comment="see crm_models.orders.LineStatus"),
)

shipments = Table(
    "shipments",
    metadata,
    Column("shipment_id", Integer, primary_key=True, autoincrement=True),
    Column("order_id", ForeignKey("orders.order_id"), nullable=False, index=True),
    Column("tracking_id", String(40), nullable=False),
    Column("carrier", String(40), nullable=False),
    Column("status", String(30), nullable=False, comment="shipped, in_transit, delayed, delivered"),
    Column("shipped_at", DateTime),
    Column("delivered_at", DateTime),
)

payments = Table(
    "payments",
    metadata,
    Column("payment_id", Integer, primary_key=True, autoincrement=True),
    Column("order_id", ForeignKey("orders.order_id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False, comment="payment, refund"),
    Column("amount_cents", Integer, nullable=False),
    Column("payment_method_id", ForeignKey("payment_methods.payment_method_id")),
    Column("status", String(20), nullable=False, comment="pending, done"),
    Column("created_at", DateTime, nullable=False),
    Column("done_at", DateTime),
)

returns = Table(
    "returns",
    metadata,
    Column("return_id", Integer, primary_key=True, autoincrement=True),
    Column("order_id", ForeignKey("orders.order_id"), nullable=False, index=True),
    Column("line_id", ForeignKey("order_lines.line_id"), nullable=False),
    Column("kind", String(20), nullable=False, comment="return, exchange"),
    Column("new_item_id", ForeignKey("items.item_id")),
    Column("reason", String(60)),
    Column("payment_method_id", ForeignKey("payment_methods.payment_method_id")),
    Column("status", String(20), nullable=False, comment="requested, received, closed"),
    Column("created_at", DateTime, nullable=False),
)

browse_events = Table(
    "browse_events",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("kind", String(20), nullable=False, comment="view, search, cart"),
    Column("product_id", ForeignKey("products.product_id")),
    personal("query", String(160)),
    Column("created_at", DateTime, nullable=False),
)

"""What is sold."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from crm_models.tables.columns import metadata

products = Table(
    "products",
    metadata,
    Column("product_id", String(40), primary_key=True),
    Column("name", String(160), nullable=False),
    Column("category", String(60), nullable=False, index=True),
    Column("brand", String(60)),
    Column("description", Text, nullable=False, default=""),
    Column("attributes", JSON, nullable=False, default=dict),
)

items = Table(
    "items",
    metadata,
    Column("item_id", String(40), primary_key=True),
    Column("product_id", ForeignKey("products.product_id"), nullable=False, index=True),
    Column("options", JSON, nullable=False, default=dict, comment='{"colour": "red", ...}'),
    Column("price_cents", Integer, nullable=False),
    Column("stock", Integer, nullable=False, default=0),
    CheckConstraint("price_cents >= 0", name="price_not_negative"),
    CheckConstraint("stock >= 0", name="stock_not_negative"),
    comment="The sellable variant of a product",
)

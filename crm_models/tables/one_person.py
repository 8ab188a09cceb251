"""One person behind several records, and what came from files."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from crm_models.tables.columns import customer_id, metadata, personal

customer_links = Table(
    "customer_links",
    metadata,
    Column("link_id", Integer, primary_key=True, autoincrement=True),
    Column("left_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("right_id", ForeignKey("customers.customer_id"), nullable=False, index=True),
    Column("status", String(12), nullable=False, comment="linked, review, rejected"),
    Column("method", String(12), nullable=False, comment="rule, model, staff"),
    Column("probability", Float, comment="that both are one person, by the model"),
    personal("evidence", JSON, nullable=False, comment='[{"says", "weight"}], strongest first'),
    Column("reason", String(160), comment="why it waits for review, or what staff said"),
    Column("decided_by", String(60), comment="empty: the program"),
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    UniqueConstraint("left_id", "right_id"),
    CheckConstraint("left_id < right_id", name="pair_in_order"),
    comment="Customers that are one person, may be, or are not; customers themselves are never merged or deleted",
)

profile_facts = Table(
    "profile_facts",
    metadata,
    Column("fact_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("field", String(40), nullable=False),
    personal("value", String(200), nullable=False),
    Column("source", String(80), nullable=False, comment="name of the file or system, conversation, order"),
    Column("source_kind", String(20), nullable=False, comment="see crm_models.view.profile.SourceKind"),
    Column("as_of", DateTime, nullable=False, comment="when it was true, as far as the source tells"),
    Column("confidence", Float, nullable=False, comment="0 to 1"),
    UniqueConstraint("customer_id", "field", "value", "source"),
    comment="What each source says of a customer; what contradicts it stays beside it",
)


import_marks = Table(
    "import_marks",
    metadata,
    Column("kind", String(20), primary_key=True, comment="customer, order, event, made"),
    Column("key", String(80), primary_key=True),
    Column("source", String(80), nullable=False),
    Column("digest", String(64), nullable=False, comment="of what was imported: the same again changes nothing"),
    Column("imported_at", DateTime, nullable=False),
    comment="What came from a file, so that importing it again is harmless",
)


cursors = Table(
    "cursors",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("position", Integer, nullable=False),
    comment="How far a reader of an event log has come",
)

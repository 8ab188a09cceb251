"""What was said, by whom, and what must still be answered."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from crm_models.tables.columns import customer_id, metadata, personal

conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", String(80), primary_key=True),
    customer_id(nullable=True),
    Column("trust", String(20), nullable=False, default="anonymous", comment="anonymous, claimed, verified"),
    Column("trust_until", DateTime, comment="trust falls back to anonymous afterwards"),
    Column("claimed_order_id", String(40), comment="the one order a claimed visitor may read"),
    Column("channel", String(30), nullable=False, default="web"),
    Column("started_at", DateTime, nullable=False),
    Column("last_message_at", DateTime),
    comment="Who is at the other end, and how sure of it the shop is",
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(120), nullable=False, unique=True, comment="of the event log: once each"),
    Column("conversation_id", String(80), nullable=False, index=True),
    customer_id(nullable=True),
    Column("author", String(10), nullable=False, comment="customer, bot, staff"),
    Column("channel", String(30)),
    personal("text", Text),
    Column("intent", String(60), index=True),
    Column("intent_set", JSON(none_as_null=True), comment='[{"name", "confidence"}], best first'),
    Column("sentiment", Float, comment="-1 to 1"),
    Column("response", String(80), comment="name of the response the bot used"),
    Column("passages", JSON(none_as_null=True), comment="ids of the passages cited"),
    Column("latency_ms", Float, comment="from the customer's message to this reply"),
    Column("model_version", String(80)),
    Column("staff_id", ForeignKey("staff.staff_id")),
    Column("created_at", DateTime, nullable=False, index=True),
)

answer_marks = Table(
    "answer_marks",
    metadata,
    Column("mark_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False, index=True),
    Column("event_id", String(120), comment="the answer, in messages; empty for a link that was opened"),
    Column("kind", String(20), nullable=False, comment="opened, taken_back"),
    Column("article_id", String(200), comment="whose link was opened"),
    Column("because", String(200), comment="why staff took it back"),
    Column("created_at", DateTime, nullable=False),
    comment="What is known of an answer from outside the conversation: its source was opened, staff took it back",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False),
    Column("source", String(120), nullable=False, comment="what it came from: makes a retry harmless"),
    Column("author", String(10), nullable=False, comment="customer, bot, staff, system"),
    personal("content", JSON, nullable=False, comment="text, buttons, sources; what the customer's window shows"),
    Column("created_at", DateTime, nullable=False),
    UniqueConstraint("conversation_id", "source"),
    Index("ix_deliveries_conversation_id_delivery_id", "conversation_id", "delivery_id"),
    comment="What a window must show, in order; read by Last-Event-ID",
)

inbox = Table(
    "inbox",
    metadata,
    Column("inbox_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False, index=True),
    Column("client_id", String(80), nullable=False, comment="made by the sender, makes a resend harmless"),
    personal("text", Text, nullable=False),
    Column("status", String(10), nullable=False, default="waiting", index=True, comment="waiting, done"),
    Column("received_at", DateTime, nullable=False),
    UniqueConstraint("conversation_id", "client_id"),
    comment="Accepted from the customer, kept until the bot has answered",
)

escalations = Table(
    "escalations",
    metadata,
    Column("escalation_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False, index=True),
    customer_id(nullable=True),
    Column("reason", String(60), nullable=False),
    Column("status", String(20), nullable=False, comment="waiting, taken, closed"),
    Column("staff_id", ForeignKey("staff.staff_id")),
    Column("created_at", DateTime, nullable=False),
    Column("taken_at", DateTime),
    Column("closed_at", DateTime),
)

staff = Table(
    "staff",
    metadata,
    Column("staff_id", Integer, primary_key=True, autoincrement=True),
    Column("username", String(60), nullable=False, unique=True),
    Column("display_name", String(80), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False, comment="agent, analyst, admin"),
    Column("active", Boolean, nullable=False, default=True),
)

verifications = Table(
    "verifications",
    metadata,
    Column("verification_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False, index=True),
    customer_id(nullable=True, comment="empty when the e-mail is nobody's: the visitor is not told"),
    Column("code_hash", String(128), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("expires_at", DateTime, nullable=False),
    Column("used_at", DateTime),
)

mails = Table(
    "mails",
    metadata,
    Column("mail_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=True),
    personal("recipient", String(160), nullable=False),
    Column("template", String(60), nullable=False),
    personal("fields", JSON, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    comment="Outgoing mail, picked up by the merchant's mailer; the demo shows it as a mailbox",
)

complaints = Table(
    "complaints",
    metadata,
    Column("complaint_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=True),
    Column("conversation_id", String(80)),
    Column("order_id", ForeignKey("orders.order_id")),
    Column("topic", String(60), nullable=False),
    personal("text", Text),
    Column("status", String(20), nullable=False, default="open", comment="open, closed"),
    Column("created_at", DateTime, nullable=False),
    Column("closed_at", DateTime),
)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=True),
    Column("conversation_id", String(80)),
    Column("rating", Integer, comment="1 to 5"),
    personal("comment", Text),
    Column("sentiment", Float, comment="-1 to 1"),
    Column("created_at", DateTime, nullable=False),
    CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
)

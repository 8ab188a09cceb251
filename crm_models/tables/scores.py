"""What is known of customers and offered to them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
)

from crm_models.tables.columns import customer_id, metadata, personal

predictions = Table(
    "predictions",
    metadata,
    customer_id(nullable=False, primary_key=True),
    Column("model", String(40), primary_key=True, comment="churn, segment, ..."),
    Column("value", Float),
    Column("label", String(60)),
    Column("reasons", JSON(none_as_null=True), comment="what moved the score, strongest first"),
    Column("details", JSON(none_as_null=True), comment="what else is told with the score: interval, parts"),
    Column("model_version", String(80), nullable=False),
    Column("scored_at", DateTime, nullable=False),
)

offers = Table(
    "offers",
    metadata,
    Column("offer_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("conversation_id", String(80), index=True),
    Column("kind", String(30), nullable=False, comment="retention, recommendation, apology, perk"),
    Column("product_id", ForeignKey("products.product_id")),
    Column("percent_off", Integer),
    Column("credit_cents", Integer, comment="of an apology, off the next order"),
    Column("points", Integer, comment="of a perk, booked when it is accepted"),
    Column("code", String(40)),
    Column("reason", String(120), nullable=False),
    Column("model_version", String(80)),
    Column("status", String(20), nullable=False, default="shown", comment="shown, accepted, declined"),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime),
    Column(
        "answered_at",
        DateTime,
        comment="when it was accepted or declined; empty for answers from before this was kept",
    ),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("campaign_id", String(60), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("started_at", DateTime, nullable=False, comment="when the offer went out; the arms were drawn before"),
    Column("outcome", String(20), nullable=False, comment="what it was for: order, visit"),
    Column("within_days", Integer, nullable=False, comment="how long the outcome is waited for"),
    comment="Offers to many customers, with a control group that got none",
)

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.campaign_id"), primary_key=True),
    customer_id(nullable=False, primary_key=True),
    Column("treated", Boolean, nullable=False, comment="got the offer; else of the control group"),
    Column("propensity", Float, comment="the chance of getting it with which the arm was drawn; empty: unknown"),
)

satisfaction = Table(
    "satisfaction",
    metadata,
    Column("conversation_id", String(80), primary_key=True),
    customer_id(nullable=True),
    Column("score", Float, nullable=False, comment="1 to 5, of the whole conversation"),
    Column("base", Float, nullable=False, comment="of a conversation without any signal"),
    Column("parts", JSON, nullable=False, comment='{"signal": stars}; base and parts sum to the score'),
    Column("turns", JSON, nullable=False, comment="the score after each message of the customer"),
    Column("model_version", String(80), nullable=False),
    Column("scored_at", DateTime, nullable=False),
    comment="How content customers were with their conversations, estimated",
)

gaps = Table(
    "gaps",
    metadata,
    Column("gap_id", Integer, primary_key=True, autoincrement=True),
    Column("sort", String(12), nullable=False, comment="request, data, knowledge"),
    Column("kind", String(20), nullable=False, comment="see crm_models.gaps.GapKind"),
    Column("status", String(12), nullable=False, default="detected"),
    personal("evidence", JSON, nullable=False, comment="what was said, which record, where"),
    Column("dropped_because", String(120)),
    Column("closed_by", String(12), comment="customer, record, staff"),
    Column("worth", Float),
    Column("conversation_id", String(80), index=True),
    customer_id(nullable=True),
    Column("article_id", String(120)),
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
)

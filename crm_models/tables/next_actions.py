"""Next best actions, experiments, and messages to customers."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
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

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), index=True),
    customer_id(nullable=False),
    Column("moment", String(30), nullable=False, comment="where the bot might add something"),
    Column("action", String(40), nullable=False, comment="what was chosen"),
    Column("reason", String(160), nullable=False, comment="why, as a word of the policy"),
    Column("value_cents", Float, nullable=False, comment="expected of the chosen action"),
    Column("cost_cents", Float, nullable=False, comment="expected; counts against the budget of its day"),
    Column("propensity", Float, nullable=False, comment="the chance with which the action was chosen"),
    Column("alternatives", JSON, nullable=False, comment="every action considered, with its value or what refused it"),
    Column("situation", JSON(none_as_null=True), comment="what it was made from, to see what another policy would do"),
    Column("policy_version", String(64), nullable=False),
    Column("model_versions", JSON, nullable=False),
    Column("offer_id", ForeignKey("offers.offer_id")),
    Column("created_at", DateTime, nullable=False, index=True),
    comment="Each choice of a next best action, with what else could have been done",
)

price_quotes = Table(
    "price_quotes",
    metadata,
    Column("case_key", String(160), primary_key=True, comment="product line, tier and whatever else sets the price"),
    Column("day", Date, primary_key=True),
    Column("percent_off", Integer, nullable=False),
    Column("curve_version", String(80), nullable=False),
    comment="The discount of a case on a day: equal cases get the same one",
)

experiments = Table(
    "experiments",
    metadata,
    Column("experiment_id", String(60), primary_key=True),
    Column("subject", String(20), nullable=False, comment="offer, reply, article, model"),
    Column("hypothesis", Text, nullable=False),
    Column("variants", JSON, nullable=False, comment='[{"name", "share", "settings"}], the control first'),
    Column("layer", String(40), nullable=False, comment="experiments of a layer never share a customer"),
    Column("layer_from", Float, nullable=False, comment="the part of the layer it takes, 0 to 1"),
    Column("layer_to", Float, nullable=False),
    Column("metric", String(20), nullable=False, comment="accepted, ordered, margin, complaint, churn"),
    Column("within_days", Integer, nullable=False, comment="after the exposure"),
    Column("level", Float, nullable=False, comment="chance of a false alarm, over all looks together"),
    Column("planned_customers", Integer, nullable=False),
    Column("smallest_effect", Float, nullable=False, comment="absolute, that it was planned to find"),
    Column("guardrails", JSON, nullable=False, comment='[{"metric", "worse_by"}]: what stops it'),
    Column("status", String(12), nullable=False, comment="running, stopped"),
    Column("started_at", DateTime, nullable=False),
    Column("stopped_at", DateTime),
    Column("stopped_because", String(160)),
)

exposures = Table(
    "exposures",
    metadata,
    Column("experiment_id", ForeignKey("experiments.experiment_id"), primary_key=True),
    customer_id(nullable=False, primary_key=True),
    Column("variant", String(40), nullable=False),
    Column("conversation_id", String(80)),
    Column("exposed_at", DateTime, nullable=False, comment="when it was first shown, not when it was assigned"),
)

experiment_looks = Table(
    "experiment_looks",
    metadata,
    Column("look_id", Integer, primary_key=True, autoincrement=True),
    Column("experiment_id", ForeignKey("experiments.experiment_id"), nullable=False, index=True),
    Column("metric", String(20), nullable=False),
    Column("variant", String(40), nullable=False),
    Column("customers", Integer, nullable=False, comment="of the variant and of the control, whose outcome is known"),
    Column("effect", Float, nullable=False, comment="variant less control"),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("looked_at", DateTime, nullable=False),
    comment="The interval over time",
)

field_choices = Table(
    "field_choices",
    metadata,
    Column("choice_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("field", String(40), nullable=False, comment="see crm_models.personal_fields"),
    Column("allowed", Boolean, nullable=False),
    Column("source", String(30), nullable=False, comment="chat, staff"),
    Column("changed_at", DateTime, nullable=False),
    comment="Which fields the customer lets be used; history: the newest row of a field holds",
)

stock_watches = Table(
    "stock_watches",
    metadata,
    Column("watch_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("item_id", ForeignKey("items.item_id"), nullable=False, index=True),
    Column("conversation_id", String(80)),
    Column("created_at", DateTime, nullable=False),
    Column("ended_at", DateTime, comment="told, or no longer wanted"),
    comment="Who wants to be told when something is back",
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", Integer, primary_key=True, autoincrement=True),
    customer_id(nullable=False),
    Column("kind", String(30), nullable=False, comment="see crm_models.proactive"),
    Column("about", String(80), nullable=False, comment="order, watch or year: one notice of a kind each"),
    Column("status", String(12), nullable=False, comment="due, sent, dropped"),
    Column("held_because", String(60), comment="of one that is due: why it was not sent when last looked at"),
    Column("dropped_because", String(60)),
    Column("channel", String(30), comment="web, mail, or a messaging channel"),
    Column("conversation_id", String(80)),
    personal("fields", JSON, nullable=False, comment="what its sentence says"),
    Column("due_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    UniqueConstraint("customer_id", "kind", "about"),
    Index("ix_notices_status_due_at", "status", "due_at"),
    comment="What the shop tells customers without being asked",
)

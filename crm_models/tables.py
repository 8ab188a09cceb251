"""The tables of one shop: who the customers are, what they bought, what was said, what is still open.

A column with `info=PERSONAL` holds personal data. Export, retention and erasure walk those marks
(`personal_columns`), so a new personal column needs the mark and nothing else.
Times are UTC without zone; money is in the shop's currency, in cents.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
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


def _personal(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, info=PERSONAL, **options)


def _customer(**options: Any) -> Column[Any]:
    return Column("customer_id", ForeignKey("customers.customer_id"), index=True, **options)


def _address() -> list[Column[Any]]:
    return [
        _personal("address1", String(120)),
        _personal("address2", String(120)),
        _personal("city", String(80)),
        _personal("state", String(80)),
        _personal("postcode", String(20)),
        Column("country", String(60)),
    ]


shop = Table(
    "shop",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
    comment="Facts of the shop: name, currency, policy, where the data came from",
)

# --- who -------------------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    Column("customer_id", String(60), primary_key=True),
    _personal("first_name", String(80)),
    _personal("last_name", String(80)),
    _personal("email", String(160), index=True),
    _personal("phone", String(40)),
    *_address(),
    Column("language", String(10), nullable=False, default="en"),
    Column("tier", String(20), nullable=False, default="basic"),
    Column("created_at", DateTime, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", String(20), primary_key=True, comment="email, phone, chat, account"),
    _personal("value", String(160), primary_key=True),
    _customer(nullable=False),
    Column("linked_at", DateTime, nullable=False),
)

payment_methods = Table(
    "payment_methods",
    metadata,
    Column("payment_method_id", String(60), primary_key=True),
    _customer(nullable=False),
    Column("kind", String(20), nullable=False, comment="credit_card, paypal, gift_card"),
    Column("brand", String(30)),
    _personal("last_four", String(4)),
    Column("balance_cents", Integer, comment="gift cards only"),
)

consents = Table(
    "consents",
    metadata,
    Column("consent_id", Integer, primary_key=True, autoincrement=True),
    _customer(nullable=False),
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
    _customer(nullable=False),
    Column("points", Integer, nullable=False, comment="negative when spent or expired"),
    Column("reason", String(60), nullable=False),
    Column("order_id", ForeignKey("orders.order_id")),
    Column("created_at", DateTime, nullable=False),
)

# --- what is sold ----------------------------------------------------------------------------------

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

# --- what was bought -------------------------------------------------------------------------------

orders = Table(
    "orders",
    metadata,
    Column("order_id", String(40), primary_key=True, comment="upper case, without a leading #"),
    _customer(nullable=False),
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
    *_address(),
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
    _customer(nullable=False),
    Column("kind", String(20), nullable=False, comment="view, search, cart"),
    Column("product_id", ForeignKey("products.product_id")),
    _personal("query", String(160)),
    Column("created_at", DateTime, nullable=False),
)

# --- what was said ---------------------------------------------------------------------------------

conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", String(80), primary_key=True),
    _customer(nullable=True),
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
    _customer(nullable=True),
    Column("author", String(10), nullable=False, comment="customer, bot, staff"),
    Column("channel", String(30)),
    _personal("text", Text),
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

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), nullable=False),
    Column("source", String(120), nullable=False, comment="what it came from: makes a retry harmless"),
    Column("author", String(10), nullable=False, comment="customer, bot, staff, system"),
    _personal("content", JSON, nullable=False, comment="text, buttons, sources; what the customer's window shows"),
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
    _personal("text", Text, nullable=False),
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
    _customer(nullable=True),
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
    _customer(nullable=True, comment="empty when the e-mail is nobody's: the visitor is not told"),
    Column("code_hash", String(128), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("expires_at", DateTime, nullable=False),
    Column("used_at", DateTime),
)

mails = Table(
    "mails",
    metadata,
    Column("mail_id", Integer, primary_key=True, autoincrement=True),
    _customer(nullable=True),
    _personal("recipient", String(160), nullable=False),
    Column("template", String(60), nullable=False),
    _personal("fields", JSON, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    comment="Outgoing mail, picked up by the merchant's mailer; the demo shows it as a mailbox",
)

complaints = Table(
    "complaints",
    metadata,
    Column("complaint_id", Integer, primary_key=True, autoincrement=True),
    _customer(nullable=True),
    Column("conversation_id", String(80)),
    Column("order_id", ForeignKey("orders.order_id")),
    Column("topic", String(60), nullable=False),
    _personal("text", Text),
    Column("status", String(20), nullable=False, default="open", comment="open, closed"),
    Column("created_at", DateTime, nullable=False),
    Column("closed_at", DateTime),
)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", Integer, primary_key=True, autoincrement=True),
    _customer(nullable=True),
    Column("conversation_id", String(80)),
    Column("rating", Integer, comment="1 to 5"),
    _personal("comment", Text),
    Column("sentiment", Float, comment="-1 to 1"),
    Column("created_at", DateTime, nullable=False),
    CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
)

# --- what is known and offered ---------------------------------------------------------------------

predictions = Table(
    "predictions",
    metadata,
    _customer(nullable=False, primary_key=True),
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
    _customer(nullable=False),
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
    _customer(nullable=False, primary_key=True),
    Column("treated", Boolean, nullable=False, comment="got the offer; else of the control group"),
    Column("propensity", Float, comment="the chance of getting it with which the arm was drawn; empty: unknown"),
)

satisfaction = Table(
    "satisfaction",
    metadata,
    Column("conversation_id", String(80), primary_key=True),
    _customer(nullable=True),
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
    _personal("evidence", JSON, nullable=False, comment="what was said, which record, where"),
    Column("dropped_because", String(120)),
    Column("closed_by", String(12), comment="customer, record, staff"),
    Column("worth", Float),
    Column("conversation_id", String(80), index=True),
    _customer(nullable=True),
    Column("article_id", String(120)),
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
)

# --- one person behind several records --------------------------------------------------------------

customer_links = Table(
    "customer_links",
    metadata,
    Column("link_id", Integer, primary_key=True, autoincrement=True),
    Column("left_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("right_id", ForeignKey("customers.customer_id"), nullable=False, index=True),
    Column("status", String(12), nullable=False, comment="linked, review, rejected"),
    Column("method", String(12), nullable=False, comment="rule, model, staff"),
    Column("probability", Float, comment="that both are one person, by the model"),
    _personal("evidence", JSON, nullable=False, comment='[{"says", "weight"}], strongest first'),
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
    _customer(nullable=False),
    Column("field", String(40), nullable=False),
    _personal("value", String(200), nullable=False),
    Column("source", String(80), nullable=False, comment="name of the file or system, conversation, order"),
    Column("source_kind", String(20), nullable=False, comment="see crm_models.view.profile.SourceKind"),
    Column("as_of", DateTime, nullable=False, comment="when it was true, as far as the source tells"),
    Column("confidence", Float, nullable=False, comment="0 to 1"),
    UniqueConstraint("customer_id", "field", "value", "source"),
    comment="What each source says of a customer; what contradicts it stays beside it",
)

# --- next best actions, experiments, messages to customers ------------------------------------------

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(80), index=True),
    _customer(nullable=False),
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
    _customer(nullable=False, primary_key=True),
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
    _customer(nullable=False),
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
    _customer(nullable=False),
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
    _customer(nullable=False),
    Column("kind", String(30), nullable=False, comment="see crm_models.proactive"),
    Column("about", String(80), nullable=False, comment="order, watch or year: one notice of a kind each"),
    Column("status", String(12), nullable=False, comment="due, sent, dropped"),
    Column("held_because", String(60), comment="of one that is due: why it was not sent when last looked at"),
    Column("dropped_because", String(60)),
    Column("channel", String(30), comment="web, mail, or a messaging channel"),
    Column("conversation_id", String(80)),
    _personal("fields", JSON, nullable=False, comment="what its sentence says"),
    Column("due_at", DateTime, nullable=False),
    Column("sent_at", DateTime),
    UniqueConstraint("customer_id", "kind", "about"),
    Index("ix_notices_status_due_at", "status", "due_at"),
    comment="What the shop tells customers without being asked",
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


def personal_columns(table: Table) -> list[str]:
    """Names of the columns of `table` that hold personal data."""
    return [column.name for column in table.columns if column.info.get("personal")]

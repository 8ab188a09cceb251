"""The tables of a shop: customers, orders, conversations, and what is known of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
        comment="How far a reader of an event log has come",
    )
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("first_name", sa.String(length=80)),
        sa.Column("last_name", sa.String(length=80)),
        sa.Column("email", sa.String(length=160)),
        sa.Column("phone", sa.String(length=40)),
        sa.Column("address1", sa.String(length=120)),
        sa.Column("address2", sa.String(length=120)),
        sa.Column("city", sa.String(length=80)),
        sa.Column("state", sa.String(length=80)),
        sa.Column("postcode", sa.String(length=20)),
        sa.Column("country", sa.String(length=60)),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_email", "customers", ["email"])
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column(
            "source",
            sa.String(length=120),
            nullable=False,
            comment="what it came from: makes a retry harmless",
        ),
        sa.Column("author", sa.String(length=10), nullable=False, comment="customer, bot, staff, system"),
        sa.Column(
            "content",
            sa.JSON(),
            nullable=False,
            comment="text, buttons, sources; what the customer's window shows",
        ),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries"),
        sa.UniqueConstraint("conversation_id", "source", name="uq_deliveries_conversation_id_source"),
        comment="What a window must show, in order; read by Last-Event-ID",
    )
    op.create_index("ix_deliveries_conversation_id_delivery_id", "deliveries", ["conversation_id", "delivery_id"])
    op.create_table(
        "inbox",
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column(
            "client_id",
            sa.String(length=80),
            nullable=False,
            comment="made by the sender, makes a resend harmless",
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False, comment="waiting, done"),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", name="pk_inbox"),
        sa.UniqueConstraint("conversation_id", "client_id", name="uq_inbox_conversation_id_client_id"),
        comment="Accepted from the customer, kept until the bot has answered",
    )
    op.create_index("ix_inbox_conversation_id", "inbox", ["conversation_id"])
    op.create_index("ix_inbox_status", "inbox", ["status"])
    op.create_table(
        "products",
        sa.Column("product_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=60)),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name="pk_products"),
    )
    op.create_index("ix_products_category", "products", ["category"])
    op.create_table(
        "shop",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_shop"),
        comment="Facts of the shop: name, currency, policy, where the data came from",
    )
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False, comment="agent, analyst, admin"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff"),
        sa.UniqueConstraint("username", name="uq_staff_username"),
    )
    op.create_table(
        "browse_events",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="view, search, cart"),
        sa.Column("product_id", sa.String(length=40)),
        sa.Column("query", sa.String(length=160)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_browse_events_customer_id"),
        sa.ForeignKeyConstraint(["product_id"], ["products.product_id"], name="fk_browse_events_product_id"),
        sa.PrimaryKeyConstraint("event_id", name="pk_browse_events"),
    )
    op.create_index("ix_browse_events_customer_id", "browse_events", ["customer_id"])
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False, comment="newsletter, personalisation"),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False, comment="shop, chat, staff"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_consents_customer_id"),
        sa.PrimaryKeyConstraint("consent_id", name="pk_consents"),
        comment="History: the newest row of a customer and purpose holds",
    )
    op.create_index("ix_consents_customer_id", "consents", ["customer_id"])
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("trust", sa.String(length=20), nullable=False, comment="anonymous, claimed, verified"),
        sa.Column("trust_until", sa.DateTime(), comment="trust falls back to anonymous afterwards"),
        sa.Column("claimed_order_id", sa.String(length=40), comment="the one order a claimed visitor may read"),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("last_message_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_conversations_customer_id"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
        comment="Who is at the other end, and how sure of it the shop is",
    )
    op.create_index("ix_conversations_customer_id", "conversations", ["customer_id"])
    op.create_table(
        "escalations",
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False, comment="waiting, taken, closed"),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("taken_at", sa.DateTime()),
        sa.Column("closed_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_escalations_customer_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_escalations_staff_id"),
        sa.PrimaryKeyConstraint("escalation_id", name="pk_escalations"),
    )
    op.create_index("ix_escalations_conversation_id", "escalations", ["conversation_id"])
    op.create_index("ix_escalations_customer_id", "escalations", ["customer_id"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("conversation_id", sa.String(length=80)),
        sa.Column("rating", sa.Integer(), comment="1 to 5"),
        sa.Column("comment", sa.Text()),
        sa.Column("sentiment", sa.Float(), comment="-1 to 1"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="ck_feedback_rating_in_range"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_feedback_customer_id"),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_customer_id", "feedback", ["customer_id"])
    op.create_table(
        "gaps",
        sa.Column("gap_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=12), nullable=False, comment="request, data, knowledge"),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="see crm_models.gaps.GapKind"),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False, comment="what was said, which record, where"),
        sa.Column("dropped_because", sa.String(length=120)),
        sa.Column("closed_by", sa.String(length=12), comment="customer, record, staff"),
        sa.Column("worth", sa.Float()),
        sa.Column("conversation_id", sa.String(length=80)),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("article_id", sa.String(length=120)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_gaps_customer_id"),
        sa.PrimaryKeyConstraint("gap_id", name="pk_gaps"),
    )
    op.create_index("ix_gaps_conversation_id", "gaps", ["conversation_id"])
    op.create_index("ix_gaps_customer_id", "gaps", ["customer_id"])
    op.create_table(
        "identities",
        sa.Column("kind", sa.String(length=20), nullable=False, comment="email, phone, chat, account"),
        sa.Column("value", sa.String(length=160), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_identities_customer_id"),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_identities"),
    )
    op.create_index("ix_identities_customer_id", "identities", ["customer_id"])
    op.create_table(
        "items",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("product_id", sa.String(length=40), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False, comment='{"colour": "red", ...}'),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.CheckConstraint("price_cents >= 0", name="ck_items_price_not_negative"),
        sa.CheckConstraint("stock >= 0", name="ck_items_stock_not_negative"),
        sa.ForeignKeyConstraint(["product_id"], ["products.product_id"], name="fk_items_product_id"),
        sa.PrimaryKeyConstraint("item_id", name="pk_items"),
        comment="The sellable variant of a product",
    )
    op.create_index("ix_items_product_id", "items", ["product_id"])
    op.create_table(
        "mails",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("recipient", sa.String(length=160), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_mails_customer_id"),
        sa.PrimaryKeyConstraint("mail_id", name="pk_mails"),
        comment="Outgoing mail, picked up by the merchant's mailer; the demo shows it as a mailbox",
    )
    op.create_index("ix_mails_customer_id", "mails", ["customer_id"])
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False, comment="of the event log: once each"),
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("author", sa.String(length=10), nullable=False, comment="customer, bot, staff"),
        sa.Column("channel", sa.String(length=30)),
        sa.Column("text", sa.Text()),
        sa.Column("intent", sa.String(length=60)),
        sa.Column("intent_set", sa.JSON(), comment='[{"name", "confidence"}], best first'),
        sa.Column("sentiment", sa.Float(), comment="-1 to 1"),
        sa.Column("response", sa.String(length=80), comment="name of the response the bot used"),
        sa.Column("passages", sa.JSON(), comment="ids of the passages cited"),
        sa.Column("latency_ms", sa.Float(), comment="from the customer's message to this reply"),
        sa.Column("model_version", sa.String(length=80)),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_messages_customer_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_messages_staff_id"),
        sa.PrimaryKeyConstraint("message_id", name="pk_messages"),
        sa.UniqueConstraint("event_id", name="uq_messages_event_id"),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id"])
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.create_index("ix_messages_customer_id", "messages", ["customer_id"])
    op.create_index("ix_messages_intent", "messages", ["intent"])
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("conversation_id", sa.String(length=80)),
        sa.Column("kind", sa.String(length=30), nullable=False, comment="retention, recommendation"),
        sa.Column("product_id", sa.String(length=40)),
        sa.Column("percent_off", sa.Integer()),
        sa.Column("code", sa.String(length=40)),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("model_version", sa.String(length=80)),
        sa.Column("status", sa.String(length=20), nullable=False, comment="shown, accepted, declined"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_offers_customer_id"),
        sa.ForeignKeyConstraint(["product_id"], ["products.product_id"], name="fk_offers_product_id"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_offers"),
    )
    op.create_index("ix_offers_conversation_id", "offers", ["conversation_id"])
    op.create_index("ix_offers_customer_id", "offers", ["customer_id"])
    op.create_table(
        "payment_methods",
        sa.Column("payment_method_id", sa.String(length=60), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="credit_card, paypal, gift_card"),
        sa.Column("brand", sa.String(length=30)),
        sa.Column("last_four", sa.String(length=4)),
        sa.Column("balance_cents", sa.Integer(), comment="gift cards only"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_payment_methods_customer_id"),
        sa.PrimaryKeyConstraint("payment_method_id", name="pk_payment_methods"),
    )
    op.create_index("ix_payment_methods_customer_id", "payment_methods", ["customer_id"])
    op.create_table(
        "predictions",
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False, comment="churn, segment, ..."),
        sa.Column("value", sa.Float()),
        sa.Column("label", sa.String(length=60)),
        sa.Column("reasons", sa.JSON(), comment="what moved the score, strongest first"),
        sa.Column("model_version", sa.String(length=80), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_predictions_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", "model", name="pk_predictions"),
    )
    op.create_index("ix_predictions_customer_id", "predictions", ["customer_id"])
    op.create_table(
        "verifications",
        sa.Column("verification_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=80), nullable=False),
        sa.Column(
            "customer_id",
            sa.String(length=60),
            comment="empty when the e-mail is nobody's: the visitor is not told",
        ),
        sa.Column("code_hash", sa.String(length=128), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_verifications_customer_id"),
        sa.PrimaryKeyConstraint("verification_id", name="pk_verifications"),
    )
    op.create_index("ix_verifications_conversation_id", "verifications", ["conversation_id"])
    op.create_index("ix_verifications_customer_id", "verifications", ["customer_id"])
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=40), nullable=False, comment="upper case, without a leading #"),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False, comment="see crm_models.orders.OrderStatus"),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("promised_on", sa.DateTime()),
        sa.Column("delivered_at", sa.DateTime()),
        sa.Column("cancelled_at", sa.DateTime()),
        sa.Column("cancel_reason", sa.String(length=60)),
        sa.Column("items_modified", sa.Boolean(), nullable=False),
        sa.Column("shipping_cents", sa.Integer(), nullable=False),
        sa.Column("discount_cents", sa.Integer(), nullable=False),
        sa.Column("payment_method_id", sa.String(length=60)),
        sa.Column("address1", sa.String(length=120)),
        sa.Column("address2", sa.String(length=120)),
        sa.Column("city", sa.String(length=80)),
        sa.Column("state", sa.String(length=80)),
        sa.Column("postcode", sa.String(length=20)),
        sa.Column("country", sa.String(length=60)),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_orders_customer_id"),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_methods.payment_method_id"], name="fk_orders_payment_method_id"
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_orders"),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
    op.create_index("ix_orders_customer_id_placed_at", "orders", ["customer_id", "placed_at"])
    op.create_table(
        "complaints",
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60)),
        sa.Column("conversation_id", sa.String(length=80)),
        sa.Column("order_id", sa.String(length=40)),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("status", sa.String(length=20), nullable=False, comment="open, closed"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_complaints_customer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_complaints_order_id"),
        sa.PrimaryKeyConstraint("complaint_id", name="pk_complaints"),
    )
    op.create_index("ix_complaints_customer_id", "complaints", ["customer_id"])
    op.create_table(
        "loyalty_entries",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=60), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False, comment="negative when spent or expired"),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("order_id", sa.String(length=40)),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_loyalty_entries_customer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_loyalty_entries_order_id"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_loyalty_entries"),
    )
    op.create_index("ix_loyalty_entries_customer_id", "loyalty_entries", ["customer_id"])
    op.create_table(
        "order_lines",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False, comment="of one piece, when bought"),
        sa.Column("status", sa.String(length=30), nullable=False, comment="see crm_models.orders.LineStatus"),
        sa.ForeignKeyConstraint(["item_id"], ["items.item_id"], name="fk_order_lines_item_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_order_lines_order_id"),
        sa.PrimaryKeyConstraint("line_id", name="pk_order_lines"),
    )
    op.create_index("ix_order_lines_item_id", "order_lines", ["item_id"])
    op.create_index("ix_order_lines_order_id", "order_lines", ["order_id"])
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="payment, refund"),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("payment_method_id", sa.String(length=60)),
        sa.Column("status", sa.String(length=20), nullable=False, comment="pending, done"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_payments_order_id"),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_methods.payment_method_id"], name="fk_payments_payment_method_id"
        ),
        sa.PrimaryKeyConstraint("payment_id", name="pk_payments"),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_table(
        "shipments",
        sa.Column("shipment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("tracking_id", sa.String(length=40), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False, comment="shipped, in_transit, delayed, delivered"),
        sa.Column("shipped_at", sa.DateTime()),
        sa.Column("delivered_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_shipments_order_id"),
        sa.PrimaryKeyConstraint("shipment_id", name="pk_shipments"),
    )
    op.create_index("ix_shipments_order_id", "shipments", ["order_id"])
    op.create_table(
        "returns",
        sa.Column("return_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="return, exchange"),
        sa.Column("new_item_id", sa.String(length=40)),
        sa.Column("reason", sa.String(length=60)),
        sa.Column("payment_method_id", sa.String(length=60)),
        sa.Column("status", sa.String(length=20), nullable=False, comment="requested, received, closed"),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.line_id"], name="fk_returns_line_id"),
        sa.ForeignKeyConstraint(["new_item_id"], ["items.item_id"], name="fk_returns_new_item_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_returns_order_id"),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_methods.payment_method_id"], name="fk_returns_payment_method_id"
        ),
        sa.PrimaryKeyConstraint("return_id", name="pk_returns"),
    )
    op.create_index("ix_returns_order_id", "returns", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_returns_order_id", table_name="returns")
    op.drop_table("returns")
    op.drop_index("ix_shipments_order_id", table_name="shipments")
    op.drop_table("shipments")
    op.drop_index("ix_payments_order_id", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_order_lines_order_id", table_name="order_lines")
    op.drop_index("ix_order_lines_item_id", table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index("ix_loyalty_entries_customer_id", table_name="loyalty_entries")
    op.drop_table("loyalty_entries")
    op.drop_index("ix_complaints_customer_id", table_name="complaints")
    op.drop_table("complaints")
    op.drop_index("ix_orders_customer_id_placed_at", table_name="orders")
    op.drop_index("ix_orders_customer_id", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_verifications_customer_id", table_name="verifications")
    op.drop_index("ix_verifications_conversation_id", table_name="verifications")
    op.drop_table("verifications")
    op.drop_index("ix_predictions_customer_id", table_name="predictions")
    op.drop_table("predictions")
    op.drop_index("ix_payment_methods_customer_id", table_name="payment_methods")
    op.drop_table("payment_methods")
    op.drop_index("ix_offers_customer_id", table_name="offers")
    op.drop_index("ix_offers_conversation_id", table_name="offers")
    op.drop_table("offers")
    op.drop_index("ix_messages_intent", table_name="messages")
    op.drop_index("ix_messages_customer_id", table_name="messages")
    op.drop_index("ix_messages_created_at", table_name="messages")
    op.drop_index("ix_messages_conversation_id", table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_mails_customer_id", table_name="mails")
    op.drop_table("mails")
    op.drop_index("ix_items_product_id", table_name="items")
    op.drop_table("items")
    op.drop_index("ix_identities_customer_id", table_name="identities")
    op.drop_table("identities")
    op.drop_index("ix_gaps_customer_id", table_name="gaps")
    op.drop_index("ix_gaps_conversation_id", table_name="gaps")
    op.drop_table("gaps")
    op.drop_index("ix_feedback_customer_id", table_name="feedback")
    op.drop_table("feedback")
    op.drop_index("ix_escalations_customer_id", table_name="escalations")
    op.drop_index("ix_escalations_conversation_id", table_name="escalations")
    op.drop_table("escalations")
    op.drop_index("ix_conversations_customer_id", table_name="conversations")
    op.drop_table("conversations")
    op.drop_index("ix_consents_customer_id", table_name="consents")
    op.drop_table("consents")
    op.drop_index("ix_browse_events_customer_id", table_name="browse_events")
    op.drop_table("browse_events")
    op.drop_table("staff")
    op.drop_table("shop")
    op.drop_index("ix_products_category", table_name="products")
    op.drop_table("products")
    op.drop_index("ix_inbox_status", table_name="inbox")
    op.drop_index("ix_inbox_conversation_id", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index("ix_deliveries_conversation_id_delivery_id", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index("ix_customers_email", table_name="customers")
    op.drop_table("customers")
    op.drop_table("cursors")

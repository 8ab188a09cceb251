"""The tables of one shop: who the customers are, what they bought, what was said, what is still open.

A column with `info=PERSONAL` holds personal data. Export, retention and erasure walk those marks
(`personal_columns`), so a new personal column needs the mark and nothing else.
Times are UTC without zone; money is in the shop's currency, in cents.
"""

from __future__ import annotations

from crm_models.tables.assortment import items, products
from crm_models.tables.columns import PERSONAL, metadata, personal_columns
from crm_models.tables.conversations import (
    answer_marks,
    complaints,
    conversations,
    deliveries,
    escalations,
    feedback,
    inbox,
    mails,
    messages,
    staff,
    verifications,
)
from crm_models.tables.next_actions import (
    decisions,
    experiment_looks,
    experiments,
    exposures,
    field_choices,
    notices,
    price_quotes,
    stock_watches,
)
from crm_models.tables.one_person import cursors, customer_links, import_marks, profile_facts
from crm_models.tables.people import consents, customers, identities, loyalty_entries, payment_methods, shop
from crm_models.tables.purchases import browse_events, order_lines, orders, payments, returns, shipments
from crm_models.tables.scores import campaign_members, campaigns, gaps, offers, predictions, satisfaction

__all__ = [
    "PERSONAL",
    "answer_marks",
    "browse_events",
    "campaign_members",
    "campaigns",
    "complaints",
    "consents",
    "conversations",
    "cursors",
    "customer_links",
    "customers",
    "decisions",
    "deliveries",
    "escalations",
    "experiment_looks",
    "experiments",
    "exposures",
    "feedback",
    "field_choices",
    "gaps",
    "identities",
    "import_marks",
    "inbox",
    "items",
    "loyalty_entries",
    "mails",
    "messages",
    "metadata",
    "notices",
    "offers",
    "order_lines",
    "orders",
    "payment_methods",
    "payments",
    "personal_columns",
    "predictions",
    "price_quotes",
    "products",
    "profile_facts",
    "returns",
    "satisfaction",
    "shipments",
    "shop",
    "staff",
    "stock_watches",
    "verifications",
]

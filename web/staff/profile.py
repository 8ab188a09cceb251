"""Everything the desk shows about one conversation, read in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from crm_models import desk
from crm_models.customers import Profile, read_profile
from crm_models.desk import ConversationLine, OfferLine
from crm_models.escalations import QueueItem, get_escalation
from crm_models.identity import Identity, Trust
from crm_models.orders import Order, list_orders
from crm_models.proactive.kinds import Notice
from crm_models.proactive.notices import list_notices
from crm_models.shop_policy import ShopFacts, read_facts
from web.gateway import store

_ROWS = 500


@dataclass(frozen=True)
class Desk:
    shop: ShopFacts
    line: ConversationLine
    item: QueueItem | None  # the open escalation
    rows: list[store.Delivery]
    sentiments: list[float]
    profile: Profile | None
    orders: tuple[Order, ...]
    offers: list[OfferLine]
    notices: list[Notice]  # what the shop sent unasked, or did not, and why


def read_desk(connection: Connection, conversation_id: str, now: datetime) -> Desk | None:
    """None when there is no such conversation."""
    line = desk.get_conversation(connection, conversation_id)
    if line is None:
        return None
    escalation_id = desk.open_escalation(connection, conversation_id)
    customer_id = line.customer_id
    # The desk looks on the customer's behalf: staff has signed in, and this conversation is the customer's.
    identity = Identity(conversation_id, customer_id, Trust.VERIFIED)
    newest = store.last_rows(connection, conversation_id, _ROWS)
    return Desk(
        shop=read_facts(connection),
        line=line,
        item=None if escalation_id is None else get_escalation(connection, escalation_id),
        rows=newest,
        sentiments=desk.recent_sentiments(connection, conversation_id),
        profile=read_profile(connection, customer_id, now) if customer_id else None,
        orders=list_orders(connection, identity, limit=5, open_first=True) if customer_id else (),
        offers=desk.recent_offers(connection, customer_id) if customer_id else [],
        notices=list_notices(connection, customer_id=customer_id, limit=5) if customer_id else [],
    )

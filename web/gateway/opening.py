"""Which conversation a visitor gets: the one they had, or a new one when somebody else signed in."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.customers import find_customer
from crm_models.errors import BadToken
from crm_models.identity import Trust, open_conversation
from crm_models.tables import conversations
from crm_models.tokens import read_token
from web.gateway import store
from web.gateway.passes import Pass

logger = logging.getLogger(__name__)

CHANNEL = "web"


@dataclass(frozen=True)
class Opened:
    """`token_rejected`: a token was shown and proved nothing, so the visitor counts as nobody."""

    granted: Pass
    fresh: bool
    token_rejected: bool
    last_delivery: int


def open_for(
    connection: Connection,
    shown: Pass | None,
    token: str | None,
    token_key: str,
    trusted_for: timedelta,
    now: datetime,
) -> Opened:
    """Opens a conversation for whoever shows this pass and this identity token; both may be absent.

    A conversation goes on when nobody else is signed in now than before. Someone who signs in keeps the
    conversation begun without a name; someone who signs out, or another customer, gets a new one.
    """
    customer_id = _customer_of(connection, token, token_key, now) if token else ""
    fresh = shown is None or not _may_go_on(connection, shown, customer_id)
    conversation_id = f"web-{uuid.uuid4().hex}" if fresh or shown is None else shown.conversation_id
    if customer_id:
        until = now + trusted_for
        open_conversation(connection, conversation_id, CHANNEL, now, customer_id, Trust.VERIFIED, until)
    elif fresh:
        open_conversation(connection, conversation_id, CHANNEL, now)
    return Opened(
        Pass(conversation_id, customer_id),
        fresh,
        bool(token) and not customer_id,
        store.last_delivery(connection, conversation_id),
    )


def _customer_of(connection: Connection, token: str, token_key: str, now: datetime) -> str:
    """The customer the token proves; empty when it proves nothing or names nobody of this shop."""
    try:
        named = read_token(token_key, token, now)
    except BadToken as error:
        logger.info("Identity token rejected: %s", error)
        return ""
    return find_customer(connection, customer_id=named) or ""


def _may_go_on(connection: Connection, shown: Pass, customer_id: str) -> bool:
    row = connection.execute(
        select(conversations.c.customer_id).where(conversations.c.conversation_id == shown.conversation_id)
    ).first()
    if row is None:
        return False
    if customer_id:
        # Also a conversation whose trust has run out belongs to the customer who had it.
        return shown.signed_in in ("", customer_id) and row.customer_id in (None, customer_id)
    return not shown.signed_in

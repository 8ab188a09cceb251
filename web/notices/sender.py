"""Sends what is due and may be sent, each once.

A notice is marked as sent in the transaction that puts it into the chat window or the outgoing mail. Whatever dies, it
is there or it is still due; whoever else is sending, one of them marks it and the others find it marked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from crm_models.database import reading
from crm_models.mailbox import queue_mail
from crm_models.proactive import notices
from crm_models.proactive.channel import WEB
from crm_models.proactive.kinds import Held, Notice, NoticeKind
from crm_models.proactive.occasions import find_due, find_new
from crm_models.proactive.policy import NoticePolicy
from crm_models.proactive.rules import Go, decide
from crm_models.proactive.wishes import end_watches
from crm_models.shop_policy import read_facts
from crm_models.tables import customers
from crm_models.tokens import issue_stop_token
from crm_models.view.person import person_of
from web.gateway import store
from web.notices.words import NoticeWords

logger = logging.getLogger(__name__)
STOP_PATH = "/messages/stop"
TEMPLATE = "notice_"


@dataclass(frozen=True)
class Sender:
    """What sending needs beside the database."""

    policy: NoticePolicy
    words: NoticeWords
    token_key: str
    base_url: str

    def find_and_send(self, engine: Engine, now: datetime) -> list[Notice]:
        """Looks for what is due, then sends what may be sent; returns what was due, as it is now.

        Nothing is locked while there is nothing to do, however many wait for the morning.
        """
        with reading(engine) as connection:
            new = find_new(connection, self.policy, now)
        if new:
            with engine.begin() as connection:
                for kind, candidate in new:
                    notices.note_due(connection, kind, candidate, now)
        with reading(engine) as connection:
            due = notices.due_notices(connection)
            stays = {each.notice_id for each in due if self._stays(connection, each, now)}
        return [each if each.notice_id in stays else self._settled(engine, each, now) for each in due]

    def _stays(self, connection: Connection, notice: Notice, now: datetime) -> bool:
        """Whether it waits for the same reason as when it was last looked at; what fails is left to `settle`."""
        try:
            with connection.begin_nested():
                decision = decide(connection, notice, self.policy, now)
        except Exception:
            return False
        return isinstance(decision, Held) and notice.held_because == decision.value

    def _settled(self, engine: Engine, notice: Notice, now: datetime) -> Notice:
        try:
            with engine.begin() as connection:
                return self.settle(connection, notice, now)
        except Exception:
            # One that cannot be sent keeps nobody else's back; it is still due.
            logger.exception("Notice %s could not be sent now", notice.notice_id)
            return notice

    def find_and_settle(self, connection: Connection, now: datetime) -> list[Notice]:
        """The same in the caller's one transaction, which may be taken back."""
        find_due(connection, self.policy, now)
        return [self.settle(connection, each, now) for each in notices.due_notices(connection)]

    def settle(self, connection: Connection, notice: Notice, now: datetime) -> Notice:
        """Send it, hold it or drop it, in the caller's transaction; one that is not due any more stays as it is."""
        # Two senders with two notices of one person take turns here on PostgreSQL, so that the caps hold; SQLite has
        # one writer anyway.
        first, *_ = person_of(connection, notice.customer_id)
        connection.execute(select(customers.c.customer_id).where(customers.c.customer_id == first).with_for_update())
        notice = notices.get_notice(connection, notice.notice_id)
        if notice.status == notices.DUE:
            decision = decide(connection, notice, self.policy, now)
            if isinstance(decision, Go):
                self._send(connection, notice, decision, now)
            elif isinstance(decision, Held):
                notices.mark_held(connection, notice, decision)
            else:
                notices.mark_dropped(connection, notice.notice_id, decision)
        return notices.get_notice(connection, notice.notice_id)

    def _send(self, connection: Connection, notice: Notice, go: Go, now: datetime) -> None:
        channel = go.channel
        marked = notices.mark_sent(connection, notice.notice_id, channel.name, channel.conversation_id, go.fields, now)
        if not marked:
            return
        currency = read_facts(connection).currency
        if channel.name == WEB and channel.conversation_id is not None:
            content = {
                **self.words.content(notice.kind, go.fields, currency),
                # What the bot's log is told about it, see web/staff/log.py.
                "logged": False,
                "response": self.words.response(notice.kind, go.fields),
                "slots": _slots(go.fields),
            }
            store.deliver(
                connection, channel.conversation_id, f"{store.NOTICE_SOURCE}{notice.notice_id}", "bot", content, now
            )
        else:
            fields = self.words.mail(notice.kind, go.fields, currency, self._urls(notice))
            queue_mail(connection, notice.customer_id, f"{TEMPLATE}{notice.kind.value}", fields, now)
        if notice.kind is NoticeKind.BACK_IN_STOCK:
            end_watches(connection, notice.customer_id, now, str(go.fields["product_id"]))

    def _urls(self, notice: Notice) -> dict[str, str]:
        token = issue_stop_token(self.token_key, notice.customer_id, notice.kind.value)
        return {"chat_url": f"{self.base_url}/", "unsubscribe_url": f"{self.base_url}{STOP_PATH}/{token}"}


def _slots(fields: Mapping[str, Any]) -> dict[str, str]:
    """What the conversation is about after it: "where is it then?" means this order."""
    slots = {"order_id": fields.get("order_id"), "topic": fields.get("product_id")}
    return {name: str(value) for name, value in slots.items() if value}

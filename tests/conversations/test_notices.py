"""A message that the shop sends unasked, into an open window, and what the customer says to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm_models.consents import Purpose, has_consent, set_consent
from crm_models.database import reading
from tests.stack import Stack, utc_now
from web.bot_client import BotClient
from web.database import Database
from web.gateway.reply_log import ReplyLog
from web.services import build_sender
from web.settings import read_keys

CLARA, LATE = "C-000003", "HV-104306"


@pytest.fixture
def conversation(stack: Stack) -> str:
    """Clara's, who wants to know of late deliveries; one of her orders is late."""
    stack.restore()
    with stack.engine.begin() as connection:
        set_consent(connection, CLARA, Purpose.NOTICE_DELIVERY_LATE, True, "chat", utc_now())
        connection.execute(sa.text("DELETE FROM notices"))
        connection.execute(sa.text("DELETE FROM stock_watches"))
    return stack.open_conversation(CLARA)


def tell(stack: Stack) -> None:
    """What the web process does every minute."""
    sender = build_sender(stack.config.web, read_keys(stack.config.home))
    sender.find_and_send(stack.engine, utc_now())
    carry(stack)


def carry(stack: Stack) -> None:
    """What the web process does with what was said past the bot."""

    async def once() -> None:
        bot = BotClient(stack.config.web.bot_url, stack.keys["bot_key"], 60)
        try:
            assert await ReplyLog(Database(stack.engine), bot).carry_all()
        finally:
            await bot.close()

    asyncio.run(once())


def messages(stack: Stack, conversation_id: str) -> list[tuple[str, str | None, str]]:
    stack.project()
    query = "SELECT author, response, text FROM messages WHERE conversation_id = :id ORDER BY message_id"
    with stack.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query).bindparams(id=conversation_id))]


def test_the_order_of_a_message_is_known_when_the_customer_asks_where_it_is(stack: Stack, conversation: str) -> None:
    tell(stack)
    ((author, response, text),) = messages(stack, conversation)
    assert (author, response) == ("bot", "utter_notice_delivery_late")
    assert LATE in text
    with stack.engine.begin() as connection:  # a second open order: which one is meant is not clear by itself
        connection.execute(
            sa.text(
                "INSERT INTO orders (order_id, customer_id, status, placed_at, items_modified, shipping_cents,"
                " discount_cents) VALUES ('HV-199999', :who, 'pending', :at, 0, 0, 0)"
            ).bindparams(who=CLARA, at=utc_now() - timedelta(hours=1))
        )
    replies = stack.say(conversation, "where is it then?").replies
    assert any(LATE in reply["text"] for reply in replies), replies
    assert not any("HV-199999" in reply["text"] for reply in replies)


def test_a_button_of_a_message_may_be_typed(stack: Stack, conversation: str) -> None:
    tell(stack)
    replies = stack.say(conversation, "Stop these messages").replies
    assert [reply["response"] for reply in replies] == ["utter_notices_stopped"]
    with reading(stack.engine) as connection:
        assert not has_consent(connection, CLARA, Purpose.NOTICE_DELIVERY_LATE)


def test_a_message_is_in_the_log_once_and_no_reply_to_what_was_said_before(stack: Stack, conversation: str) -> None:
    first = stack.say(conversation, "hello", "m-1")
    tell(stack)
    carry(stack)
    assert stack.say(conversation, "hello", "m-1") == first
    said = [response for author, response, _ in messages(stack, conversation) if author == "bot"]
    assert said.count("utter_notice_delivery_late") == 1

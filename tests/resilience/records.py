"""What the databases hold of a conversation afterwards, and that it is all there once and in order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.tracker_store import create_tracker_engine
from crm_models.tables import deliveries, inbox, messages
from tests.resilience.customer import Customer
from tests.resilience.running import Running, eventually

Said = list[tuple[str, str]]  # author and text, in order


@dataclass(frozen=True)
class Row:
    """One row of the chat window."""

    delivery_id: int
    source: str
    author: str
    text: str


def window(running: Running, conversation_id: str) -> list[Row]:
    """The conversation as the customer's window shows it."""
    query = sa.select(deliveries).where(deliveries.c.conversation_id == conversation_id)
    with running.engine.connect() as connection:
        rows = connection.execute(query.order_by(deliveries.c.delivery_id)).all()
    return [Row(row.delivery_id, row.source, row.author, row.content["text"]) for row in rows]


def answers_to(rows: list[Row], client_id: str) -> list[Row]:
    """What was shown as the answer to one message, in order; a person's or the system's hint is none."""
    numbers = {f"{client_id}:{number}": number for number in range(50)}
    found = [row for row in rows if row.source in numbers]
    assert [numbers[row.source] for row in found] == list(range(len(found))), f"not in order: {found}"
    return found


def waiting(running: Running, customer: Customer) -> list[str]:
    """What was accepted and is not settled yet."""
    query = sa.select(inbox.c.text).where(
        inbox.c.conversation_id == customer.conversation_id, inbox.c.status == "waiting"
    )
    with running.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def wait_for_answers(running: Running, customer: Customer) -> None:
    """Until each accepted message has its answer, or was answered together with one after it."""

    def unanswered() -> list[str]:
        rows = window(running, customer.conversation_id)
        last, text = customer.sent[-1]
        return waiting(running, customer) or ([] if answers_to(rows, last) else [text])

    eventually(lambda: not unanswered(), lambda: f"these are answered: {unanswered()}")


def check_each_once(running: Running, customer: Customer) -> None:
    """One answer of the bot to each turn; log and `messages` agree with it, and so does what the stream brought."""
    rows = window(running, customer.conversation_id)
    expected: Said = []
    answered = []  # the last message of each turn
    for turn in turns(running, customer.conversation_id):
        for client_id in turn:
            text = dict(customer.sent)[client_id]
            assert [row.text for row in rows if row.source == client_id] == [text]
            expected.append(("customer", text))
            assert client_id == turn[-1] or not answers_to(rows, client_id), f"{text!r} is answered twice"
        answers = answers_to(rows, turn[-1])
        assert answers and {row.author for row in answers} == {"bot"}, f"{expected[-1]}: {answers}"
        expected += [("bot", row.text) for row in answers]
        answered.append(turn[-1])
    shown = [row for row in rows if row.author in ("customer", "bot")]
    assert len(shown) == len(expected), shown
    order = [client_id for client_id, _ in customer.sent]
    assert [client_id for turn in turns(running, customer.conversation_id) for client_id in turn] == order
    assert [row.source for row in shown if row.author == "customer"] == order
    assert [row.source.split(":")[0] for row in shown if row.source.endswith(":0")] == answered
    assert logged(running, customer.conversation_id) == expected
    check_messages(running, customer.conversation_id, expected)
    assert [row["id"] for row in customer.seen] == [row.delivery_id for row in rows]


def check_messages(running: Running, conversation_id: str, expected: Said) -> None:
    """`messages` comes to hold exactly this, and nothing of it twice."""

    def found() -> Said:
        query = sa.select(messages.c.author, messages.c.text).where(messages.c.conversation_id == conversation_id)
        with running.engine.connect() as connection:
            return [(row.author, row.text) for row in connection.execute(query.order_by(messages.c.message_id))]

    eventually(lambda: len(found()) >= len(expected), lambda: f"{expected} is in messages: {found()}")
    assert found() == expected


def logged(running: Running, conversation_id: str) -> Said:
    """What was said, as the bot's event log has it."""
    return [
        (_author(event), each["text"])
        for event in events(running, conversation_id)
        for each in (event.get("metadata") or {}).get("said") or [event]
    ]


def turns(running: Running, conversation_id: str) -> list[list[str]]:
    """The messages that were answered together, by id, as the bot's event log has them."""
    return [
        [each["message_id"] for each in (event.get("metadata") or {}).get("said") or [event]]
        for event in events(running, conversation_id)
        if event["event"] == "user"
    ]


def events(running: Running, conversation_id: str) -> list[dict[str, Any]]:
    """What customer, bot and staff said; not the parts of a message that are served later."""
    log = create_tracker_engine(running.config.bot.tracker)
    query = sa.text("SELECT data FROM events WHERE sender_id = :who AND type_name IN ('user', 'bot') ORDER BY id")
    with log.connect() as connection:
        found = [json.loads(row.data) for row in connection.execute(query, {"who": conversation_id})]
    log.dispose()
    return [event for event in found if "part_of" not in (event.get("metadata") or {})]


def _author(event: dict[str, Any]) -> str:
    return "customer" if event["event"] == "user" else (event.get("metadata") or {}).get("author") or "bot"

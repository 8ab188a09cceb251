"""A person takes a conversation while the customer writes and processes die: the two never speak at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import sqlalchemy as sa

from bot.cli.keys import read_private
from crm_models.tables import messages
from tests.resilience.customer import Customer
from tests.resilience.records import Row, answers_to, check_messages, logged, wait_for_answers, waiting, window
from tests.resilience.running import Running, eventually
from tests.web.agent import Agent

ROUNDS = 4
TALK = ("Hello", "What is the return window?", "Where is my order?", "Thank you")


def agent_of(running: Running) -> Agent:
    return Agent(running, password=read_private(running.config.home / "demo_logins.json")["agent"])


def do(agent: Agent, conversation_id: str, what: str, **form: str) -> None:
    """Press the button until it is done, as a person does while something is starting again."""

    def done() -> bool:
        try:
            return agent.outcome(conversation_id, what, **form) == "done"
        except httpx.TransportError:
            return False

    eventually(done, f"{what} is done")


@contextmanager
def writing(customer: Customer) -> Iterator[None]:
    """The customer writes on and on meanwhile."""
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            customer.tell(TALK[number % len(TALK)])
            number += 1
            time.sleep(0.03 * (number % 5))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


def last_row(running: Running, customer: Customer) -> int:
    return max((row.delivery_id for row in window(running, customer.conversation_id)), default=0)


def wait_until_read(running: Running, customer: Customer, count: int) -> None:
    """Until the bot's log holds so many of the customer's messages."""

    def read() -> int:
        return sum(author == "customer" for author, _ in logged(running, customer.conversation_id))

    eventually(lambda: read() >= count, lambda: f"the bot has read {count} messages, not {read()}")


def check_log(running: Running, customer: Customer, rows: list[Row]) -> None:
    """Every message and everything that was shown is in the log and in `messages`, once."""
    log = logged(running, customer.conversation_id)
    assert [text for author, text in log if author == "customer"] == [text for _, text in customer.sent]
    for author in ("bot", "staff"):
        assert [text for who, text in log if who == author] == [row.text for row in rows if row.author == author]
    check_messages(running, customer.conversation_id, log)


def test_taken_and_given_back_while_the_customer_writes(running: Running) -> None:
    customer, agent = running.customer("C-000004"), agent_of(running)
    silences: list[tuple[int, int]] = []
    with writing(customer):
        for _ in range(ROUNDS):
            wait_until_read(running, customer, len(customer.sent) + 2)
            do(agent, customer.conversation_id, "take")
            taken = last_row(running, customer)
            wait_until_read(running, customer, len(customer.sent) + 3)
            silences.append((taken, last_row(running, customer)))
            do(agent, customer.conversation_id, "give-back")
    back = last_row(running, customer)
    after = [customer.tell(text) for text in TALK]
    wait_until_read(running, customer, len(customer.sent))
    eventually(
        lambda: answers_to(window(running, customer.conversation_id), after[-1]),
        "the bot answers what was written after it got the conversation back",
    )
    rows = window(running, customer.conversation_id)
    assert not waiting(running, customer)
    for taken, given_back in silences:
        spoken = [row for row in rows if taken < row.delivery_id <= given_back and row.author == "bot"]
        assert not spoken, f"the bot spoke while a person had the conversation: {spoken}"
    assert all(row.delivery_id > back for one in after for row in answers_to(rows, one))
    check_log(running, customer, rows)


def test_a_bot_that_is_killed_stays_silent_for_the_person(running: Running) -> None:
    customer, agent = running.customer(), agent_of(running)
    customer.tell("Hello")
    wait_for_answers(running, customer)
    do(agent, customer.conversation_id, "take")
    taken = last_row(running, customer)
    killed = running.kill("bot")
    customer.tell("Is anybody there?")
    do(agent, customer.conversation_id, "messages", text="I am here.", client_id="m1")
    running.wait_until_served(instead_of=killed)
    customer.tell("What is the return window?")
    wait_until_read(running, customer, 3)
    eventually(lambda: ("staff", "I am here.") in logged(running, customer.conversation_id), "the log has it")
    silent = [row for row in window(running, customer.conversation_id) if row.delivery_id > taken]
    assert [row.author for row in silent] == ["customer", "staff", "customer"]
    do(agent, customer.conversation_id, "give-back")
    last = customer.tell("How many points do I have?")
    eventually(lambda: answers_to(window(running, customer.conversation_id), last), "the bot answers again")
    check_log(running, customer, window(running, customer.conversation_id))


def test_taken_while_the_bot_is_killed(running: Running) -> None:
    """Whatever of the bot's answers was on its way: it is shown before the person joins, or not at all."""
    customer, agent = running.customer(), agent_of(running)
    for text in TALK:
        customer.tell(text)
    killed = running.kill("bot")
    do(agent, customer.conversation_id, "take")
    taken = last_row(running, customer)
    running.wait_until_served(instead_of=killed)
    customer.tell("Is that a person?")
    wait_until_read(running, customer, len(customer.sent))
    eventually(lambda: not waiting(running, customer), "the inbox is empty")
    assert "bot" not in [row.author for row in window(running, customer.conversation_id) if row.delivery_id > taken]
    log = logged(running, customer.conversation_id)
    assert [text for author, text in log if author == "customer"] == [text for _, text in customer.sent]
    check_messages(running, customer.conversation_id, log)


def test_what_a_person_wrote_is_logged_once_when_the_web_process_is_killed(running: Running) -> None:
    customer, agent = running.customer(), agent_of(running)
    do(agent, customer.conversation_id, "take")
    texts = [f"Sentence {number}." for number in range(5)]
    for number, text in enumerate(texts):
        do(agent, customer.conversation_id, "messages", text=text, client_id=f"m{number}")
    killed = running.kill("web")
    running.wait_until_served(instead_of=killed)
    do(agent, customer.conversation_id, "messages", text=texts[-1], client_id="m4")
    check_messages(running, customer.conversation_id, [("staff", text) for text in texts])
    query = sa.select(messages.c.staff_id).where(messages.c.conversation_id == customer.conversation_id)
    with running.engine.connect() as connection:
        assert all(connection.execute(query).scalars())
    do(agent, customer.conversation_id, "give-back")
    assert [row.text for row in window(running, customer.conversation_id) if row.author == "staff"] == texts

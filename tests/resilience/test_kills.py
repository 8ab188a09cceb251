"""One process is killed while customers write, and the supervisor starts it again: nothing is lost or doubled."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from tests.resilience.customer import Customer
from tests.resilience.records import check_each_once, wait_for_answers
from tests.resilience.running import MODULES, Running

# Answers of every sort: from an article, from the shop through the action server, small talk.
TALK = (
    "Hello",
    "Where is my order?",
    "What does the warranty cover?",
    "How many points do I have?",
    "Are you a bot?",
    "What is the return window?",
    "Thank you",
    "Which orders do I have?",
)
KILLED_AFTER = 3


@pytest.mark.parametrize("victim", MODULES)
def test_killed_while_customers_write(running: Running, victim: str) -> None:
    customers = [running.customer(), running.customer("C-000001"), running.customer("C-000002")]
    middle = threading.Barrier(len(customers) + 1)

    def talk(customer: Customer) -> None:
        for number, text in enumerate(TALK):
            if number == KILLED_AFTER:
                middle.wait()
            # Every second message is sent twice, as after a broken connection.
            customer.tell(text, times=1 + number % 2)

    with ExitStack() as following:
        for customer in customers:
            following.enter_context(customer.following())
        threads = [threading.Thread(target=talk, args=(customer,), daemon=True) for customer in customers]
        for thread in threads:
            thread.start()
        middle.wait()
        killed = running.kill(victim)
        for thread in threads:
            thread.join()
        running.wait_until_served(instead_of=killed)
        for customer in customers:
            wait_for_answers(running, customer)
    for customer in customers:
        assert len(customer.sent) == len(TALK)
        check_each_once(running, customer)


def test_all_killed_at_once(running: Running) -> None:
    customer = running.customer("C-000003")
    with customer.following():
        for text in TALK[:KILLED_AFTER]:
            customer.tell(text)
        killed = [running.kill(name) for name in MODULES]
        for text in TALK[KILLED_AFTER:]:
            customer.tell(text, times=2)
        for process in killed:
            running.wait_until_served(instead_of=process)
        wait_for_answers(running, customer)
    check_each_once(running, customer)

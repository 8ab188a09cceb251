"""The scene that is played with each process: customers write, it is killed, it is started again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from tests.resilience.customer import GIVE_UP_S, Customer
from tests.resilience.records import check_each_once, wait_for_answers
from tests.resilience.running import Running


def killed_while_they_write(
    running: Running, customers: Sequence[Customer], talk: Sequence[str], *victims: str
) -> None:
    """Each customer writes all of `talk`, at once and at the same time; in the middle the victims are killed."""
    half = len(talk) // 2
    middle = threading.Barrier(len(customers) + 1, timeout=GIVE_UP_S)

    def write(customer: Customer) -> None:
        for number, text in enumerate(talk):
            if number == half:
                middle.wait()
            # Every second message is sent twice, as after a broken connection.
            customer.tell(text, times=1 + number % 2)

    with ExitStack() as following:
        for customer in customers:
            following.enter_context(customer.following())
        writers = [threading.Thread(target=write, args=(customer,), daemon=True) for customer in customers]
        for writer in writers:
            writer.start()
        middle.wait()
        killed = [running.kill(name) for name in victims]
        for writer in writers:
            writer.join()
        for process in killed:
            running.wait_until_served(instead_of=process)
        for customer in customers:
            wait_for_answers(running, customer)
    for customer in customers:
        assert [text for _, text in customer.sent] == list(talk)
        check_each_once(running, customer)

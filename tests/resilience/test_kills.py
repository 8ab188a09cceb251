"""One process is killed while customers write, and the supervisor starts it again: nothing is lost or doubled."""

from __future__ import annotations

import pytest

from tests.resilience.running import MODULES, Running
from tests.resilience.scene import killed_while_they_write

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


@pytest.mark.parametrize("victim", MODULES)
def test_killed_while_customers_write(running: Running, victim: str) -> None:
    customers = [running.customer(), running.customer("C-000001"), running.customer("C-000002")]
    killed_while_they_write(running, customers, TALK, victim)


def test_all_killed_at_once(running: Running) -> None:
    killed_while_they_write(running, [running.customer("C-000003")], TALK, *MODULES)

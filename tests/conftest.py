"""What every test may use: the whole stack, running, and the services of this machine."""

from __future__ import annotations

import os

# Before anything reads the settings: it is the tests' own, and the program refuses settings that it does not know.
TEST_HOME = os.environ.pop("RAPPORT_TEST_HOME", None)
# No message to a customer falls into a conversation that is about something else; tests that want some send them.
os.environ["RAPPORT_NOTICES_S"] = "0"

from tests.services import empty_postgres_url, postgres_url, rabbitmq_host, redis_host  # noqa: E402
from tests.stack import foreign_stack, stack, test_home, trained  # noqa: E402

__all__ = [
    "empty_postgres_url",
    "foreign_stack",
    "postgres_url",
    "rabbitmq_host",
    "redis_host",
    "stack",
    "test_home",
    "trained",
]

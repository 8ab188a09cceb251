"""The lock of a conversation among several workers: Rasa's Redis store, as `rapport up` asks for it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest
from rasa.core.lock_store import LockStore, RedisLockStore
from rasa.core.utils import AvailableEndpoints

from bot.cli.keys import read_keys
from bot.cli.stack import bot_command, bot_environment
from tests.homes import config_of
from tests.services import REDIS_PORT

pytestmark = pytest.mark.services


@pytest.fixture
def lock_stores(redis_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[LockStore]:
    """Those of two workers, from the endpoints that the bot is started with."""
    config = config_of(tmp_path, redis_host=redis_host, redis_port=REDIS_PORT, bot_workers=2)
    for name, value in bot_environment(config, read_keys(config)).items():
        monkeypatch.setenv(name, value)
    command = bot_command(config, tmp_path / "model.tar.gz")
    endpoints = AvailableEndpoints.read_endpoints(command[command.index("--endpoints") + 1])
    stores = [LockStore.create(endpoints.lock_store) for _ in range(2)]
    assert all(isinstance(store, RedisLockStore) for store in stores)
    return stores


def test_two_workers_serve_one_conversation_one_at_a_time_and_in_order(lock_stores: list[LockStore]) -> None:
    conversation_id = f"web-{uuid.uuid4().hex}"
    inside = 0
    order: list[int] = []

    async def message(number: int) -> None:
        nonlocal inside
        async with lock_stores[number % 2].lock(conversation_id, wait_time_in_seconds=0.01):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.02)
            order.append(number)
            inside -= 1

    async def all_at_once() -> None:
        await asyncio.gather(*(message(number) for number in range(6)))

    asyncio.run(all_at_once())
    assert order == list(range(6))
    assert lock_stores[0].get_lock(conversation_id) is None


def test_other_conversations_do_not_wait(lock_stores: list[LockStore]) -> None:
    async def scene() -> None:
        async with (
            lock_stores[0].lock(f"web-{uuid.uuid4().hex}"),
            lock_stores[1].lock(f"web-{uuid.uuid4().hex}"),
        ):
            pass

    asyncio.run(scene())


def test_a_lock_whose_holder_was_killed_is_given_on_when_it_has_expired(lock_stores: list[LockStore]) -> None:
    conversation_id = f"web-{uuid.uuid4().hex}"
    # A ticket that nobody will ever return.
    lock_stores[0].issue_ticket(conversation_id, lock_lifetime=0.5)

    async def scene() -> None:
        async with lock_stores[1].lock(conversation_id, wait_time_in_seconds=0.05):
            pass

    asyncio.run(scene())

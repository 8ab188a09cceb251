"""The lock of a conversation: one turn at a time, in order of arrival, handed over at once."""

from __future__ import annotations

import asyncio

import pytest

from bot.lock_store import ImmediateLockStore


async def take_turns(store: ImmediateLockStore, who: str, count: int) -> tuple[list[int], int]:
    """`count` messages at once: in which order they were served, and how many were at the same time."""
    order: list[int] = []
    inside = most = 0

    async def message(number: int) -> None:
        nonlocal inside, most
        async with store.lock(who):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    tasks = []
    for number in range(count):
        tasks.append(asyncio.create_task(message(number)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return order, most


def test_messages_of_one_conversation_are_served_in_order_one_at_a_time() -> None:
    order, most = asyncio.run(take_turns(ImmediateLockStore(), "web-1", 50))
    assert order == list(range(50))
    assert most == 1


def test_conversations_do_not_wait_for_each_other() -> None:
    async def talk() -> bool:
        store = ImmediateLockStore()
        async with store.lock("web-1"), asyncio.timeout(5), store.lock("web-2"):
            return True

    assert asyncio.run(talk())


def test_a_turn_that_fails_frees_the_conversation() -> None:
    async def talk() -> bool:
        store = ImmediateLockStore()
        with pytest.raises(RuntimeError):
            async with store.lock("web-1"):
                raise RuntimeError("the turn failed")
        async with asyncio.timeout(5), store.lock("web-1"):
            return True

    assert asyncio.run(talk())


def test_a_visitor_who_gives_up_waiting_blocks_nobody() -> None:
    async def talk() -> bool:
        store = ImmediateLockStore()

        async def wait() -> None:
            async with store.lock("web-1"):
                pass

        async with store.lock("web-1"):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(5), store.lock("web-1"):
            return True

    assert asyncio.run(talk())


def test_nothing_is_kept_of_conversations_that_are_done() -> None:
    async def talk() -> ImmediateLockStore:
        store = ImmediateLockStore()
        for number in range(20):
            await take_turns(store, f"web-{number}", 3)
        return store

    store = asyncio.run(talk())
    assert not store._locks and not store._holders

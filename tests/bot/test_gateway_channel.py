"""The bot's side of the gateway: a message id is worked on once and always answered, whatever broke off when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bot.channels.gateway import _to_the_end
from tests.bot.channel import SAVED_AND_DIED, Bot


def test_a_message_sent_again_gets_the_same_replies_and_is_worked_on_once(make_bot: Callable[[], Bot]) -> None:
    async def scene() -> None:
        bot = make_bot()
        first = await bot.say("m1", "Hello")
        assert first == await bot.say("m1", "Hello") == await make_bot().say("m1", "Hello")
        assert bot.processor.turns == ["Hello"]
        assert await bot.log() == ["Hello", "You said: Hello"]

    asyncio.run(scene())


def test_a_turn_goes_on_when_the_caller_hangs_up(make_bot: Callable[[], Bot]) -> None:
    async def scene() -> None:
        bot = make_bot()
        bot.processor.go_on.clear()
        caller = asyncio.create_task(_to_the_end(bot.say("m1", "Hello")))
        while not bot.processor.turns:
            await asyncio.sleep(0)
        caller.cancel()
        with suppress(asyncio.CancelledError):
            await caller
        again = asyncio.create_task(_to_the_end(bot.say("m1", "Hello")))
        bot.processor.go_on.set()
        assert await again == (["You said: Hello"], False)
        assert bot.processor.turns == ["Hello"]

    asyncio.run(scene())


def test_a_bot_killed_between_the_turn_and_its_answer_answers_afterwards(make_bot: Callable[[], Bot]) -> None:
    async def scene() -> None:
        bot = make_bot()
        with suppress(SystemExit):
            await bot.say("m1", SAVED_AND_DIED)
        restarted = make_bot()
        assert await restarted.say("m1", SAVED_AND_DIED) == (["Sorry"], False)
        assert restarted.processor.turns == []
        assert await restarted.say("m1", SAVED_AND_DIED) == (["Sorry"], False)
        assert await restarted.log() == [SAVED_AND_DIED, "Sorry"]

    asyncio.run(scene())


def test_what_a_person_answered_is_not_answered_again(make_bot: Callable[[], Bot]) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m0", "Hello")
        await bot.control("p1", "pause")
        assert await bot.say("m1", "Are you there?") == ([], True)
        await bot.control("s1", "staff_message", "I am")
        await bot.control("r1", "resume")
        assert await bot.say("m1", "Are you there?") == ([], False)
        assert await bot.log() == ["Hello", "You said: Hello", "Are you there?", "I am"]

    asyncio.run(scene())


def test_a_message_that_nobody_answered_before_the_bot_came_back_is_not_met_with_silence(
    make_bot: Callable[[], Bot],
) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.control("p1", "pause")
        assert await bot.say("m1", "Are you there?") == ([], True)
        assert await bot.say("m1", "Are you there?") == ([], True)
        await bot.control("r1", "resume")
        assert await bot.say("m1", "Are you there?") == (["Sorry"], False)

    asyncio.run(scene())


def test_controls_are_done_once(make_bot: Callable[[], Bot]) -> None:
    async def scene() -> None:
        bot = make_bot()
        for _ in range(2):
            await bot.control("s1", "staff_message", "Hello from Mia")
        assert await bot.log() == ["Hello from Mia"]

    asyncio.run(scene())

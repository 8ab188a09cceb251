"""Several requests in one message, and several messages for one request: nothing forgotten, nothing done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.bot.channel import FAILS, Bot, Killed

MakeBot = Callable[..., Bot]
TWO = "Where is my order and how many points do I have?"
TASK_AND_QUESTION = "Cancel my order. Also, how many points do I have?"


def test_the_second_request_is_served_at_once_and_the_message_stands_in_the_log_once(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        expected = (["You said: Where is my order", "You said: how many points do I have?"], False)
        assert await bot.say("m1", TWO) == expected
        assert await bot.say("m1", TWO) == await make_bot().say("m1", TWO) == expected
        assert bot.processor.turns == [TWO, "how many points do I have?"]
        assert await bot.say("m2", "thanks") == (["You said: thanks"], False)

    asyncio.run(scene())


def test_it_waits_while_a_task_runs_and_the_bot_says_what_it_goes_on_with(make_bot: MakeBot) -> None:
    async def scene() -> None:
        assert await make_bot().say("m1", TASK_AND_QUESTION) == (["Why?"], False)
        # Far longer than the tracker's window, and with another run of the bot each time.
        for number in range(12):
            assert await make_bot().say(f"n{number}", "hello") == (["You said: hello"], False)
        expected = (["Done", "Next: how many points do I have?", "You said: how many points do I have?"], False)
        assert await make_bot().say("m2", "because") == expected
        assert await make_bot().say("m2", "because") == expected
        assert await make_bot().say("m3", "hello") == (["You said: hello"], False)

    asyncio.run(scene())


@pytest.mark.parametrize("words", ["stop", "a person please"])
def test_who_ends_the_task_is_told_what_is_left_aside(make_bot: MakeBot, words: str) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m1", TASK_AND_QUESTION)
        replies, _ = await bot.say("m2", words)
        assert replies[1:] == ["Left: how many points do I have?"]
        assert await bot.say("m2", words) == (replies, False)
        assert await bot.say("m3", "hello") == (["You said: hello"], False)

    asyncio.run(scene())


def test_asking_for_a_person_does_not_end_what_was_asked_with_it(make_bot: MakeBot) -> None:
    async def scene() -> None:
        replies, _ = await make_bot().say("m1", "I want to talk to a person. Also, how many points do I have?")
        assert replies[-1] == "You said: how many points do I have?"

    asyncio.run(scene())


def test_a_question_beside_another_in_a_task_is_answered_before_the_task_ends(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m1", "cancel my order")
        replies, _ = await bot.say("m2", TWO)
        assert replies == ["You said: Where is my order", "You said: how many points do I have?"]

    asyncio.run(scene())


def test_while_a_person_has_the_conversation_nothing_waiting_is_served(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m1", TASK_AND_QUESTION)
        await bot.control("p1", "pause")
        assert await bot.say("m2", TWO) == ([], True)
        await bot.control("r1", "resume")
        assert await bot.say("m3", "because") == (["Done", "Left: how many points do I have?"], False)

    asyncio.run(scene())


def test_after_trouble_with_the_first_the_second_is_not_tried_either(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m1", TASK_AND_QUESTION)
        assert await bot.say("m2", FAILS) == (["Sorry"], False)
        replies, _ = await bot.say("m3", "because")
        assert replies[0] == "Done" and "You said: how many points do I have?" in replies

    asyncio.run(scene())


@pytest.mark.parametrize("saves", range(9))
def test_a_bot_killed_after_any_save_ends_what_it_began(make_bot: MakeBot, saves: int) -> None:
    async def scene() -> None:
        talk = {"m1": TASK_AND_QUESTION, "m2": "because", "m3": TWO}
        worked: list[str] = []
        told = []
        for message_id, text in talk.items():
            killed = make_bot()
            killed.processor.saves_left = saves
            with suppress(Killed):
                await killed.say(message_id, text)
            bot = make_bot()
            told.append(await bot.say(message_id, text))
            worked += killed.processor.turns + bot.processor.turns
        points = "how many points do I have?"
        assert [replies for replies, _ in told] == [
            ["Why?"],
            ["Done", f"Next: {points}", f"You said: {points}"],
            ["You said: Where is my order", f"You said: {points}"],
        ]
        assert worked == [TASK_AND_QUESTION, "because", points, TWO, points]
        assert await bot.log() == [
            TASK_AND_QUESTION, "Why?", "because", "Done", f"Next: {points}", points, f"You said: {points}",
            TWO, "You said: Where is my order", points, f"You said: {points}",
        ]  # fmt: skip

    asyncio.run(scene())


def test_pieces_of_one_thought_are_one_turn_and_each_may_come_again(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        answer = await bot.answer("m1", "hi", m2="my order", m3="HV-104233", m4="where is it", m5="thanks")
        assert answer["answered"] == ["m1", "m2", "m3", "m4", "m5"]
        assert [reply["text"] for reply in answer["replies"]] == ["You said: hi my order HV-104233 where is it thanks"]
        assert await make_bot().answer("m3", "HV-104233") == answer
        assert await bot.answer("m2", "my order", m3="HV-104233", m9="hello") == answer
        assert len(bot.processor.turns) == 1

    asyncio.run(scene())


def test_requests_of_their_own_are_turns_of_their_own(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        further = {"m2": "where is my order", "m3": "it is late", "m4": "how many points do I have", "m5": "thanks"}
        assert (await bot.answer("m1", "hello", **further))["answered"] == ["m1", "m2", "m3"]
        assert (await bot.answer("m4", further["m4"], m5="thanks"))["answered"] == ["m4", "m5"]

    asyncio.run(scene())


def test_a_longer_message_that_is_not_understood_is_no_piece(make_bot: MakeBot) -> None:
    async def scene() -> None:
        answer = await make_bot().answer("m1", "where is my order", m2="what does the lamp weigh without its foot")
        assert answer["answered"] == ["m1"]

    asyncio.run(scene())


def test_in_a_task_each_message_is_an_answer_of_its_own(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        await bot.say("m1", "cancel my order")
        assert await bot.say("m2", "because", m3="HV-104233") == (["Done"], False)

    asyncio.run(scene())


def test_a_button_is_never_joined(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        assert (await bot.answer("m1", "hi", m2="/order_status", m3="hi"))["answered"] == ["m1"]
        assert (await bot.answer("m2", "/order_status", m3="hi"))["answered"] == ["m2"]

    asyncio.run(scene())


def test_a_piece_that_comes_a_moment_later_is_understood_with_the_one_before(make_bot: MakeBot) -> None:
    async def scene() -> None:
        bot = make_bot()
        assert await bot.say("m1", "my parcel") == (["What is my parcel?"], False)
        assert await bot.say("m2", "the lamp") == (["You said: my parcel the lamp"], False)
        assert await bot.say("m2", "the lamp") == (["You said: my parcel the lamp"], False)
        assert await bot.log() == ["my parcel", "What is my parcel?", "the lamp", "You said: my parcel the lamp"]
        # Settled by now: nothing more is added to it.
        assert await bot.say("m3", "the lamp") == (["What is the lamp?"], False)

    asyncio.run(scene())


def test_what_comes_later_or_says_enough_is_understood_alone(make_bot: MakeBot) -> None:
    async def scene() -> None:
        slow = make_bot(together_s=0.0)
        await slow.say("m1", "my parcel")
        assert await slow.say("m2", "the lamp") == (["What is the lamp?"], False)
        bot = make_bot()
        await bot.say("m3", "my parcel")
        assert await bot.say("m4", "return the lamp") == (["You said: return the lamp"], False)
        await bot.say("m5", "my parcel")
        assert await bot.say("m6", "yes") == (["You said: yes"], False)

    asyncio.run(scene())

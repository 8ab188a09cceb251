"""The bot's side of the gateway: a message id is worked on once and always answered, whatever broke off when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.gateway import _to_the_end, control_conversation
from bot.channels.turns import TROUBLE, handle_message
from bot.lock_store import ImmediateLockStore
from bot.tracker_store import SnapshotTrackerStore

DOMAIN = Domain.from_yaml(f"intents: [greet]\nresponses: {{{TROUBLE}: [{{text: Sorry}}]}}")
SAVED_AND_DIED = "saved and died"


class Processor:
    """What the channel uses of Rasa's processor, over the real tracker store. `turns`: the texts worked on."""

    def __init__(self, store: SnapshotTrackerStore) -> None:
        self.store = store
        self.domain = DOMAIN
        self.turns: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def get_tracker(self, conversation_id: str) -> DialogueStateTracker:
        return await self.store.get_or_create_tracker(conversation_id, append_action_listen=False)

    async def fetch_tracker_with_initial_session(self, conversation_id: str) -> DialogueStateTracker:
        return await self.get_tracker(conversation_id)

    async def fetch_tracker_and_update_session(self, conversation_id: str, *_: Any) -> DialogueStateTracker:
        return await self.get_tracker(conversation_id)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        await self.store.save(tracker)

    async def handle_message(self, message: UserMessage) -> None:
        self.turns.append(message.text)
        await self.go_on.wait()
        tracker = await self.get_tracker(message.sender_id)
        said = UserUttered(message.text, message_id=message.message_id, metadata=message.metadata)
        tracker.update(said, DOMAIN)
        if message.text == SAVED_AND_DIED:
            await self.store.save(tracker)
            raise SystemExit  # as if killed: nothing after it is done
        if not tracker.is_paused():
            tracker.update(BotUttered(f"You said: {message.text}"), DOMAIN)
        tracker.update(ActionExecuted("action_listen"), DOMAIN)
        await self.store.save(tracker)


class Bot:
    """One run of the bot over the log in `path`."""

    def __init__(self, path: Path) -> None:
        self.processor = Processor(SnapshotTrackerStore(DOMAIN, url=f"sqlite:///{path}"))
        self.agent: Any = SimpleNamespace(
            processor=self.processor,
            lock_store=ImmediateLockStore(),
            nlg=TemplatedNaturalLanguageGenerator(DOMAIN.responses),
        )

    async def say(self, message_id: str, text: str) -> tuple[list[str], bool]:
        answer = await handle_message(
            self.agent, {"conversation_id": "web-1", "message_id": message_id, "text": text, "channel": "web"}
        )
        return [reply["text"] for reply in answer["replies"]], answer["paused"]

    async def control(self, message_id: str, action: str, text: str | None = None) -> None:
        body = {"conversation_id": "web-1", "message_id": message_id, "action": action, "text": text}
        await control_conversation(self.agent, body)

    async def log(self) -> list[str]:
        tracker = await self.processor.get_tracker("web-1")
        return [event.text or "" for event in tracker.events if isinstance(event, UserUttered | BotUttered)]


@pytest.fixture
def make_bot(tmp_path: Path) -> Callable[[], Bot]:
    return lambda: Bot(tmp_path / "tracker.db")


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

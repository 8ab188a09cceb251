"""Carries accepted messages to the bot and its replies back: in order, and each once.

A message is `waiting` in the inbox until its replies are stored in the same transaction that marks it done.
Whatever dies in between, the message is sent again, and the bot gives the replies it gave before. What was typed
while the bot was busy is sent along; the bot takes what belongs together as one turn, and says which that was.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from crm_models.escalations import owner_of
from web.bot_client import BotClient
from web.database import Database
from web.errors import BotFailed, BotRefused, BotUnreachable
from web.gateway import store
from web.gateway.content import reply_content
from web.gateway.hub import Hub
from web.sentences import Sentences
from web.settings import WebSettings

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 0.05
# Messages of a process that died are picked up by the others after so long.
_ORPHAN_AFTER = timedelta(seconds=15)
_SWEEP_S = 5.0


class Postman:
    """One task for each conversation with waiting messages, and none for the others."""

    def __init__(
        self,
        database: Database,
        bot: BotClient,
        hub: Hub,
        sentences: Sentences,
        settings: WebSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._bot = bot
        self._hub = hub
        self._sentences = sentences
        self._settings = settings
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._hurry: dict[str, asyncio.Event] = {}

    def wake(self, conversation_id: str) -> None:
        """A message of this conversation was accepted."""
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
            return
        self._tasks[conversation_id] = asyncio.create_task(self._serve(conversation_id))

    async def watch(self) -> None:
        """Picks up what was waiting at the start, and later what another process left behind."""
        age = timedelta(0)
        while True:
            try:
                orphans = await self._database.read(store.conversations_waiting, self._now() - age)
                for conversation_id in orphans:
                    self.wake(conversation_id)
                age = _ORPHAN_AFTER
            except SQLAlchemyError as error:
                logger.warning("Could not look for waiting messages: %s", error)
            await asyncio.sleep(_SWEEP_S)

    async def settled(self, conversation_id: str, longest_s: float) -> None:
        """Waits until what was accepted up to now is answered, by whichever process; at most so many seconds."""
        newest = await self._database.read(store.newest_waiting, conversation_id)
        if newest is None:
            return
        if conversation_id in self._hurry:
            self._hurry[conversation_id].set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                while await self._database.read(store.is_waiting, newest):
                    await asyncio.sleep(_LOOK_AGAIN_S)

    async def stop(self) -> None:
        """Stops at once; what is unanswered stays in the inbox for the next process."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, conversation_id: str) -> None:
        self._hurry[conversation_id] = asyncio.Event()
        try:
            while True:
                self._again.discard(conversation_id)
                if waiting := await self._next(conversation_id):
                    await self._carry(waiting[0])
                elif conversation_id not in self._again:
                    return
        finally:
            del self._tasks[conversation_id], self._hurry[conversation_id]

    async def _next(self, conversation_id: str) -> list[store.Waiting]:
        for attempt in itertools.count():
            try:
                return await self._database.read(store.next_waiting, conversation_id)
            except SQLAlchemyError as error:
                logger.warning("Inbox of %s: %s", conversation_id, error)
                await asyncio.sleep(self._pause(attempt))
        raise AssertionError("endless")

    async def _carry(self, message: store.Waiting) -> None:
        """Sends one message, with what was typed after it, until it is answered or given up."""
        patience = asyncio.create_task(self._apologise_late(message))
        self._hub.set_typing(message.conversation_id, True)
        failures = 0
        try:
            for attempt in itertools.count():
                try:
                    waiting = await self._database.read(store.next_waiting, message.conversation_id)
                    if not waiting or waiting[0].inbox_id != message.inbox_id:
                        return  # another process was faster
                    turn = await self._bot.send(message.conversation_id, waiting)
                    contents = [reply_content(reply) for reply in turn.replies]
                    await self._finish(message.conversation_id, turn.answered, contents, "bot")
                    if turn.paused and not turn.replies:
                        await self._wake_orphaned_bot(message)
                    return
                except BotRefused as error:
                    logger.error("The bot refused a message of %s: %s", message.conversation_id, error)
                    failures = self._settings.give_up_after
                except BotFailed as error:
                    failures += 1
                    logger.warning("The bot failed on a message of %s: %s", message.conversation_id, error)
                except BotUnreachable as error:
                    logger.warning("The bot is not reached: %s", error)
                except SQLAlchemyError as error:
                    logger.warning("Replies of %s not stored yet: %s", message.conversation_id, error)
                if failures >= self._settings.give_up_after:
                    await self._give_up(message)
                    return
                await self._rest(message.conversation_id, self._pause(attempt))
        finally:
            patience.cancel()
            self._hub.set_typing(message.conversation_id, False)

    async def _finish(
        self, conversation_id: str, answered: Sequence[str], contents: list[Mapping[str, Any]], author: str
    ) -> None:
        contents = [content for content in contents if content.get("text") or content.get("buttons")]
        await self._database.write(store.finish, conversation_id, answered, contents, author, self._now())
        self._hub.notify(conversation_id)

    async def _wake_orphaned_bot(self, message: store.Waiting) -> None:
        """A paused bot although nobody has the conversation: a hand-over broke off. No silence for that."""
        conversation_id = message.conversation_id
        if await self._database.read(owner_of, conversation_id) is not None:
            return
        with contextlib.suppress(BotUnreachable, BotRefused):
            await self._bot.control(conversation_id, f"wake-{message.client_id}", "resume")
            if await self._database.read(owner_of, conversation_id) is not None:
                # Somebody took it in this very moment: silent again.
                await self._bot.control(conversation_id, f"hush-{message.client_id}", "pause")
                return
        source, content = f"{message.client_id}:awake", {"text": self._sentences.say("awake")}
        await self._database.write(
            store.deliver_unless_staffed, conversation_id, source, "system", content, self._now()
        )
        self._hub.notify(conversation_id)

    async def _give_up(self, message: store.Waiting) -> None:
        with contextlib.suppress(SQLAlchemyError):  # still waiting then: the next sweep tries once more
            contents = [{"text": self._sentences.say("gave_up")}]
            await self._finish(message.conversation_id, [message.client_id], contents, "system")

    async def _apologise_late(self, message: store.Waiting) -> None:
        """Tells the customer once that the answer takes longer, unless a person is there to give it."""
        await asyncio.sleep(self._settings.patience_s)
        with contextlib.suppress(SQLAlchemyError):
            await self._database.write(
                store.deliver_unless_staffed,
                message.conversation_id,
                f"{message.client_id}:trouble",
                "system",
                {"text": self._sentences.say("trouble")},
                self._now(),
            )
        self._hub.set_typing(message.conversation_id, False)

    async def _rest(self, conversation_id: str, seconds: float) -> None:
        """Waits before the next attempt, unless somebody waits for the answer just now."""
        hurry = self._hurry[conversation_id]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hurry.wait(), seconds)
        hurry.clear()

    def _pause(self, attempt: int) -> float:
        longest = min(self._settings.retry_longest_s, self._settings.retry_first_s * 2 ** min(attempt, 20))
        return longest * random.uniform(0.7, 1.0)  # so that not all conversations come back at once

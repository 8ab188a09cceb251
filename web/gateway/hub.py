"""Who is looking at which conversation, and waking them when something is there to see.

Rows written by this process wake its streams at once; rows of other processes are found by looking at the
table every `poll_s`, once for all streams together.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from web.database import Database
from web.gateway import store

logger = logging.getLogger(__name__)

# On PostgreSQL a row of one conversation may become visible after a later one of another:
# so many ids are looked at again.
_LOOK_BACK = 256


class Listener:
    """One open stream. `closed` tells it to end: a newer stream took its place, or the server stops."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self.closed = False

    def wake(self) -> None:
        self._woken.set()

    async def wait(self) -> None:
        await self._woken.wait()
        self._woken.clear()


class Hub:
    """The open streams of this process, by conversation."""

    def __init__(self, database: Database, poll_s: float, streams_per_conversation: int) -> None:
        self._database = database
        self._poll_s = poll_s
        self._most = streams_per_conversation
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._typing: set[str] = set()
        self._seen: dict[str, int] = {}

    @contextlib.contextmanager
    def listen(self, conversation_id: str) -> Iterator[Listener]:
        """A listener of the conversation; the oldest one ends when there are too many."""
        listener = Listener()
        listeners = self._listeners[conversation_id]
        listeners.append(listener)
        if len(listeners) > self._most:
            oldest = listeners.pop(0)
            oldest.closed = True
            oldest.wake()
        try:
            yield listener
        finally:
            with contextlib.suppress(ValueError):
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(conversation_id, None)
                self._seen.pop(conversation_id, None)

    def notify(self, conversation_id: str) -> None:
        for listener in self._listeners.get(conversation_id, ()):
            listener.wake()

    def typing(self, conversation_id: str) -> bool:
        return conversation_id in self._typing

    def set_typing(self, conversation_id: str, on: bool) -> None:
        if on:
            self._typing.add(conversation_id)
        else:
            self._typing.discard(conversation_id)
        self.notify(conversation_id)

    def close(self) -> None:
        """Ends every stream; their browsers come back to the next process with what they saw last."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.closed = True
                listener.wake()

    async def watch(self) -> None:
        """Looks for rows that other processes wrote, until cancelled."""
        seen = 0
        while True:
            await asyncio.sleep(self._poll_s)
            if not self._listeners:
                continue
            try:
                newest = await self._database.read(store.newest_by_conversation, max(0, seen - _LOOK_BACK))
            except SQLAlchemyError as error:
                logger.warning("Could not look for new deliveries: %s", error)
                continue
            for conversation_id, delivery_id in newest.items():
                if conversation_id in self._listeners and self._seen.get(conversation_id, 0) < delivery_id:
                    self._seen[conversation_id] = delivery_id
                    self.notify(conversation_id)
            seen = max([seen, *newest.values()])

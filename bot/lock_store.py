"""A lock per conversation that hands over at once.

Rasa's in-memory lock store polls once a second, so three messages sent within a second wait for seconds.
One bot worker needs no polling: asyncio wakes the next waiter. With several workers, Rasa's Redis lock
store takes this one's place in endpoints.yml.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore


class ImmediateLockStore(InMemoryLockStore):
    """Serves the messages of one conversation in order of arrival, within one process."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self._locks: dict[str, asyncio.Lock] = {}
        self._holders: dict[str, int] = {}

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = 1,
    ) -> AsyncGenerator[TicketLock, None]:
        """Wait for the conversation's turn; asyncio.Lock is first come, first served."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        self._holders[conversation_id] = self._holders.get(conversation_id, 0) + 1
        try:
            async with lock:
                yield TicketLock(conversation_id)
        finally:
            self._holders[conversation_id] -= 1
            if not self._holders[conversation_id]:
                del self._holders[conversation_id], self._locks[conversation_id]

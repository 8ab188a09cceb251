"""Looks every minute for messages that are due, and sends them, as long as the web process runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Engine

from crm_models.proactive.notices import SENT
from web.gateway.hub import Hub
from web.gateway.reply_log import ReplyLog
from web.notices.sender import Sender
from web.services import Services

logger = logging.getLogger(__name__)


class Round:
    """One task; several web processes may each have one."""

    def __init__(
        self,
        engine: Engine,
        sender: Sender,
        hub: Hub,
        log: ReplyLog,
        every_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._sender = sender
        self._hub = hub
        self._log = log
        self._every_s = every_s
        self._now = now

    async def watch(self) -> None:
        """Runs until cancelled, not at all when `every_s` is 0. After trouble the next round tries again."""
        while self._every_s:
            try:
                done = await asyncio.to_thread(self._sender.find_and_send, self._engine, self._now())
            except Exception:  # nobody would begin this task again
                logger.exception("Messages to customers could not be looked for")
            else:
                said = [each.conversation_id for each in done if each.status == SENT and each.conversation_id]
                for conversation_id in said:
                    self._hub.notify(conversation_id)
                if said:
                    self._log.wake()
            await asyncio.sleep(self._every_s)


def round_of(services: Services) -> Round:
    """The round of a web process."""
    return Round(
        services.database.engine,
        services.sender,
        services.hub,
        services.reply_log,
        services.settings.notices_s,
        services.now,
    )

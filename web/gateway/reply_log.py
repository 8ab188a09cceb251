"""Carries what was said past the bot into its log, each once, also when the bot was away at the time.

That is what staff wrote, and messages to customers that nobody asked for.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from web.bot_client import BotClient
from web.database import Database
from web.errors import BotError, BotRefused
from web.gateway import store

logger = logging.getLogger(__name__)
_LOOK_AGAIN_S = 30.0
_RETRY_S = 3.0


class ReplyLog:
    """Rows of deliveries that are marked as not logged yet are sent until the bot has confirmed them."""

    def __init__(self, database: Database, bot: BotClient) -> None:
        self._database = database
        self._bot = bot
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def watch(self) -> None:
        """Runs until cancelled."""
        while True:
            self._woken.clear()
            complete = await self.carry_all()
            try:
                await asyncio.wait_for(self._woken.wait(), _LOOK_AGAIN_S if complete else _RETRY_S)
            except TimeoutError:
                continue

    async def carry_all(self) -> bool:
        """Once; False when something has to wait for the next time."""
        try:
            for row in await self._database.read(store.unlogged):
                try:
                    await self._carry(row)
                except BotRefused as error:
                    logger.error("The bot's log refused what was said (%s): %s", row.delivery_id, error)
                await self._database.write(store.mark_logged, row.delivery_id)
        except (BotError, SQLAlchemyError) as error:
            logger.warning("What was said is not in the bot's log yet: %s", error)
            return False
        return True

    async def _carry(self, row: store.Delivery) -> None:
        said = row.content
        if row.author == "staff":
            await self._bot.control(
                row.conversation_id,
                f"staff-{row.delivery_id}",
                "staff_message",
                text=said.get("text", ""),
                staff_id=said.get("staff_id"),
                staff_name=said.get("name"),
            )
            return
        await self._bot.control(
            row.conversation_id,
            f"notice-{row.delivery_id}",
            "notice",
            text=said.get("text", ""),
            response=said.get("response"),
            buttons=said.get("buttons"),
            slots=said.get("slots"),
        )

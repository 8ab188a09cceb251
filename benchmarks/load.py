"""Talking to a bot over HTTP on loopback: one message, a conversation, many conversations at once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

# After so long a turn counts as lost.
TURN_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Reply:
    """What a customer's window would show."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()  # title, payload
    sources: tuple[str, ...] = ()  # ids of the articles that are linked


class Bot(Protocol):
    """A bot that is measured, reached over its channel."""

    name: str

    async def say(self, http: aiohttp.ClientSession, conversation_id: str, text: str) -> list[Reply]:
        """Send one message and wait for what the bot says to it."""


@dataclass(frozen=True)
class GatewayBot:
    """Ours, over the channel that the web process uses. `url` is that of the bot process."""

    url: str
    key: str = field(repr=False)
    name: str = "ours"

    async def say(self, http: aiohttp.ClientSession, conversation_id: str, text: str) -> list[Reply]:
        """One turn, under a message id of its own."""
        body = {
            "conversation_id": conversation_id,
            "message_id": uuid.uuid4().hex,
            "text": text,
            "channel": "web",
        }
        url, headers = f"{self.url}/webhooks/gateway/webhook", {"X-Rapport-Key": self.key}
        return [_reply(each) for each in (await _post(http, url, body, headers))["replies"]]


@dataclass(frozen=True)
class RestBot:
    """A peer, over Rasa's REST channel."""

    url: str
    name: str = "stock Rasa"

    async def say(self, http: aiohttp.ClientSession, conversation_id: str, text: str) -> list[Reply]:
        """One turn."""
        body = {"sender": conversation_id, "message": text}
        return [_reply(each) for each in await _post(http, f"{self.url}/webhooks/rest/webhook", body, {})]


@dataclass(frozen=True)
class Turns:
    """What some turns took, in the order they ended. `seconds` is from the first message to the last reply."""

    ms: tuple[float, ...]
    seconds: float
    silent: int = 0  # turns without a reply

    @property
    def per_second(self) -> float:
        return len(self.ms) / self.seconds


def session() -> aiohttp.ClientSession:
    """Connections to loopback, kept open; no proxy is asked."""
    timeout = aiohttp.ClientTimeout(total=TURN_TIMEOUT_S)
    return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=64), trust_env=False)


async def converse(http: aiohttp.ClientSession, bot: Bot, conversation_id: str, script: Sequence[str]) -> Turns:
    """The messages of one conversation, each sent when the reply to the one before is there."""
    taken: list[float] = []
    silent = 0
    began = time.perf_counter()
    for text in script:
        sent = time.perf_counter()
        replies = await bot.say(http, conversation_id, text)
        taken.append((time.perf_counter() - sent) * 1000)
        silent += not replies
    return Turns(tuple(taken), time.perf_counter() - began, silent)


async def converse_at_once(
    http: aiohttp.ClientSession, bot: Bot, conversation_ids: Sequence[str], script: Sequence[str]
) -> Turns:
    """As many conversations as ids, side by side."""
    began = time.perf_counter()
    found = await asyncio.gather(*(converse(http, bot, each, script) for each in conversation_ids))
    seconds = time.perf_counter() - began
    return Turns(tuple(ms for each in found for ms in each.ms), seconds, sum(each.silent for each in found))


async def burst(http: aiohttp.ClientSession, bot: Bot, conversation_id: str, texts: Sequence[str]) -> float:
    """Milliseconds until all messages of one customer are answered that were sent without waiting."""
    began = time.perf_counter()
    await asyncio.gather(*(bot.say(http, conversation_id, text) for text in texts))
    return (time.perf_counter() - began) * 1000


async def _post(http: aiohttp.ClientSession, url: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    async with http.post(url, json=body, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.json()


def _reply(content: dict[str, Any]) -> Reply:
    return Reply(
        text=content.get("text") or "",
        buttons=tuple((each["title"], each["payload"]) for each in content.get("buttons") or ()),
        sources=tuple(each["url"].rpartition("/")[2] for each in content.get("sources") or ()),
    )

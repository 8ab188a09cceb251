"""The bot as the web process sees it: a turn, a control message, a sign of life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx

from web.errors import BotFailed, BotRefused, BotUnreachable

Control = Literal["pause", "resume", "staff_message", "notice"]

# Answers that say something about us or about the moment, not about the message.
_TRY_AGAIN = {401, 403, 404, 408, 409, 425, 429, 502, 503, 504}


class Message(Protocol):
    """What is sent; `shown` is what the customer's window shows for it, when that is not `text`."""

    @property
    def client_id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def shown(self) -> str | None: ...


@dataclass(frozen=True)
class Turn:
    """What the bot said; `paused` when a person owns the conversation and it said nothing.

    `answered`: the ids of all messages that it was said to, in order.
    """

    replies: tuple[dict[str, Any], ...]
    paused: bool
    answered: tuple[str, ...]


class BotClient:
    """Calls of the bot's gateway channel. Every call may be repeated: the bot knows the message ids."""

    def __init__(self, bot_url: str, bot_key: str, timeout_s: float) -> None:
        self._base = f"{bot_url}/webhooks/gateway"
        self._http = httpx.AsyncClient(
            headers={"X-Rapport-Key": bot_key},
            timeout=httpx.Timeout(timeout_s, connect=2.0),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=32),
            trust_env=False,  # the bot is on a private address: no proxy in between
        )

    async def send(self, conversation_id: str, messages: Sequence[Message]) -> Turn:
        """A message of a customer, and those typed after it; the bot answers the first, and what goes with it.

        Raises BotUnreachable or BotRefused.
        """
        first, *further = messages
        body: dict[str, Any] = {
            "conversation_id": conversation_id,
            "message_id": first.client_id,
            "text": first.text,
            "channel": "web",
        }
        if first.shown:
            body["shown"] = first.shown
        if further:
            body["further"] = [{"message_id": each.client_id, "text": each.text} for each in further]
        answer = await self._post("/webhook", body)
        replies = answer.get("replies")
        if not isinstance(replies, list):
            raise BotUnreachable(f"{self._base} answered without replies: is another server on this port?")
        said = tuple(reply for reply in replies if isinstance(reply, dict))
        return Turn(said, bool(answer.get("paused")), tuple(answer.get("answered") or (first.client_id,)))

    async def control(
        self,
        conversation_id: str,
        message_id: str,
        action: Control,
        *,
        text: str | None = None,
        staff_id: int | None = None,
        staff_name: str | None = None,
        response: str | None = None,
        buttons: Sequence[Mapping[str, str]] | None = None,
        slots: Mapping[str, str] | None = None,
    ) -> None:
        """Pauses or resumes the bot, or logs what a person wrote or the shop sent. Once it returns, the bot obeys."""
        body = {
            "conversation_id": conversation_id, "message_id": message_id, "action": action, "text": text,
            "staff_id": staff_id, "staff_name": staff_name, "response": response, "buttons": buttons, "slots": slots,
        }  # fmt: skip
        answer = await self._post("/control", {key: value for key, value in body.items() if value is not None})
        if answer.get("ok") is not True:
            raise BotUnreachable(f"{self._base} did not confirm `{action}`: {answer}")

    async def alive(self) -> bool:
        try:
            return (await self._http.get(f"{self._base}/", timeout=2.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._http.post(self._base + path, json=body)
        except httpx.HTTPError as error:
            raise BotUnreachable(f"{self._base}{path}: {type(error).__name__} {error}") from error
        if response.status_code in _TRY_AGAIN:
            raise BotUnreachable(f"{self._base}{path} answered {response.status_code}")
        if response.status_code >= 500:
            raise BotFailed(f"{self._base}{path} answered {response.status_code}: {response.text[:200]}")
        if response.status_code != 200:
            raise BotRefused(f"{self._base}{path} answered {response.status_code}: {response.text[:200]}")
        try:
            answer = response.json()
        except ValueError as error:
            raise BotUnreachable(f"{self._base}{path} did not answer with JSON") from error
        return answer if isinstance(answer, dict) else {}

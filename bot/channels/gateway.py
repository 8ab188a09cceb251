"""The channel between the chat gateway and the bot: one answer for each message id, and never silence.

Not only the web: whatever gateway has checked who is writing may use it. It listens on loopback and asks for the
shared key. Three things that Rasa's REST channel does not do:

* a message id that was processed is answered from the log, so a gateway may resend after any failure; and a turn
  that was begun is ended, also when the gateway has hung up, so that it is not begun a second time (`turns`);
* a turn that ends without a reply (dead action server, exception, no rule) gets the honest sentence
  `utter_trouble` from the domain, several messages may be one turn, and one message several requests;
* `control` pauses, resumes, and writes for a person or the shop under the conversation's lock, so that after `pause`
  has returned the bot does not speak until `resume`.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, ConversationPaused, ConversationResumed, Event, SlotSet
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import rasa_speed
from bot.channels import waiting
from bot.channels.turns import TOGETHER_S, handle_message

KEY_HEADER = "X-Rapport-Key"
# What a notice may say that the conversation is about.
NOTICE_SLOTS = ("order_id", "topic")


class GatewayInput(InputChannel):
    """See the module. `key` is the secret that the gateway sends in `X-Rapport-Key`; `together_s` is for how long a
    piece of a message is understood together with the next one.
    """

    @classmethod
    def name(cls) -> str:
        """Name in credentials.yml and in the log."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayInput:
        """Read the key, and make ready; refuse to start without one."""
        key = (credentials or {}).get("key")
        if not key:
            cls.raise_missing_credentials_exception()
        rasa_speed.apply()
        return cls(str(key), float((credentials or {}).get("together_s", TOGETHER_S)))

    def __init__(self, key: str, together_s: float = TOGETHER_S) -> None:
        self._key = key
        self._together_s = together_s

    def url_prefix(self) -> str:
        """Path under /webhooks."""
        return "gateway"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The three routes: health, webhook, control."""
        routes = Blueprint("gateway_webhook")

        @routes.middleware("request")
        async def check_key(request: Request) -> HTTPResponse | None:
            if request.method == "GET":
                return None
            given = request.headers.get(KEY_HEADER, "")
            if hmac.compare_digest(given.encode(), self._key.encode()):
                return None
            return response.json({"error": f"wrong or missing {KEY_HEADER}"}, status=401)

        @routes.get("/")
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            body, missing = _body(request, ("conversation_id", "message_id", "text"))
            if missing:
                return missing
            if not _are_messages(body.get("further", [])):
                return response.json({"error": "further is no list of messages with message_id and text"}, status=400)
            turn = handle_message(request.app.ctx.agent, body, self._together_s)
            return response.json(await _to_the_end(turn))

        @routes.post("/control")
        async def control(request: Request) -> HTTPResponse:
            body, missing = _body(request, ("conversation_id", "message_id", "action"))
            if missing:
                return missing
            if body["action"] not in CONTROLS:
                known = ", ".join(sorted(CONTROLS))
                return response.json({"error": f"action {body['action']!r} is none of {known}"}, status=400)
            await _to_the_end(control_conversation(request.app.ctx.agent, body))
            return response.json({"ok": True})

        return routes


def _body(request: Request, required: tuple[str, ...]) -> tuple[dict[str, Any], HTTPResponse | None]:
    body = request.json if isinstance(request.json, dict) else {}
    missing = [field for field in required if not isinstance(body.get(field), str)]
    if missing:
        return body, response.json({"error": f"missing text field: {', '.join(missing)}"}, status=400)
    return body, None


def _are_messages(further: Any) -> bool:
    return isinstance(further, list) and all(
        isinstance(each, dict) and all(isinstance(each.get(field), str) for field in ("message_id", "text"))
        for each in further
    )


# asyncio itself keeps no hold of a task.
_unfinished: set[asyncio.Task[Any]] = set()


async def _to_the_end(work: Coroutine[Any, Any, Any]) -> Any:
    """Its result. Sanic cancels the handler when the caller hangs up; the work goes on."""
    task = asyncio.create_task(work)
    _unfinished.add(task)
    task.add_done_callback(_unfinished.discard)
    return await asyncio.shield(task)


async def control_conversation(agent: Agent, body: dict[str, Any]) -> None:
    """Pause, resume or write for a person; the same message id again changes nothing."""
    processor = agent.processor
    async with agent.lock_store.lock(body["conversation_id"]):
        tracker = await processor.fetch_tracker_with_initial_session(body["conversation_id"])
        if any(event.metadata.get("message_id") == body["message_id"] for event in tracker.events):
            return
        tracker.update(CONTROLS[body["action"]](body), processor.domain)
        if body["action"] == "notice" and tracker.active_loop_name is None:
            # What it is about is talked about now, unless a task is under way, which has its own order.
            tracker.update_with_events([SlotSet(*slot) for slot in _slots(body)], processor.domain)
        if body["action"] == "pause" and (entries := waiting.waiting(tracker)):
            # A person has read them; the bot does not come back to them by itself.
            tracker.update(waiting.keep(waiting.leave(entries)), processor.domain)
        await processor.save_tracker(tracker)


def _staff_message(body: dict[str, Any]) -> Event:
    metadata = {
        "author": "staff",
        "staff_id": body.get("staff_id"),
        "staff_name": body.get("staff_name"),
        "message_id": body["message_id"],
    }
    return BotUttered(body.get("text") or "", metadata=metadata)


def _notice(body: dict[str, Any]) -> Event:
    """What the shop sent unasked, in the bot's name; the author tells it from the replies to what was said before."""
    metadata = {"author": "bot", "utter_action": body.get("response"), "message_id": body["message_id"]}
    return BotUttered(body.get("text") or "", {"buttons": body.get("buttons")}, metadata)


def _slots(body: dict[str, Any]) -> list[tuple[str, str]]:
    given = body.get("slots")
    slots = given if isinstance(given, dict) else {}
    return [(name, str(slots[name])) for name in NOTICE_SLOTS if slots.get(name)]


CONTROLS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "pause": lambda body: ConversationPaused(metadata={"message_id": body["message_id"]}),
    "resume": lambda body: ConversationResumed(metadata={"message_id": body["message_id"]}),
    "staff_message": _staff_message,
    "notice": _notice,
}

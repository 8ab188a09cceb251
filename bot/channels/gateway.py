"""The channel between the chat gateway and the bot: one answer for each message id, and never silence.

Not only the web: whatever gateway has checked who is writing may use it. It listens on loopback and asks for the
shared key. Three things that Rasa's REST channel does not do:

* a message id that was processed is answered from the log, so a gateway may resend after any failure; and a turn
  that was begun is ended, also when the gateway has hung up, so that it is not begun a second time;
* a turn that ends without a reply (dead action server, exception, no rule) gets the honest sentence
  `utter_trouble` from the domain;
* `control` pauses, resumes and writes for a person under the conversation's lock, so that after `pause` has
  returned the bot does not speak until `resume`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import rasa_speed
from bot.channels import typed_choice

logger = logging.getLogger(__name__)

KEY_HEADER = "X-Rapport-Key"
TROUBLE = "utter_trouble"
# What a reply carries besides text: the rest of a bot event's metadata stays in the log.
REPLY_FIELDS = ("sources", "passages")


class GatewayInput(InputChannel):
    """See the module. `key` is the secret that the gateway sends in `X-Rapport-Key`."""

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
        return cls(str(key))

    def __init__(self, key: str) -> None:
        self._key = key

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
            return response.json(await _to_the_end(handle_message(request.app.ctx.agent, body)))

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


# asyncio itself keeps no hold of a task.
_unfinished: set[asyncio.Task[Any]] = set()


async def _to_the_end(work: Coroutine[Any, Any, Any]) -> Any:
    """Its result. Sanic cancels the handler when the caller hangs up; the work goes on."""
    task = asyncio.create_task(work)
    _unfinished.add(task)
    task.add_done_callback(_unfinished.discard)
    return await asyncio.shield(task)


async def handle_message(agent: Agent, body: dict[str, Any]) -> dict[str, Any]:
    """One turn, at most once per message id.

    Returns `{"replies": [...], "paused": bool}`; replies of a turn that was processed before come from the log.
    """
    message = _message_of(body, time.time())
    async with agent.lock_store.lock(message.sender_id):
        tracker = await agent.processor.get_tracker(message.sender_id)
        replies = _replies_to(tracker, message.message_id)
        if not replies:
            if replies is None:
                await _press_what_was_typed(agent, tracker, message)
                await _turn(agent, message, begins=not tracker.applied_events())
            # Also when it was processed before: the bot may have been killed ahead of this.
            tracker = await _finish(agent, message)
            replies = _replies_to(tracker, message.message_id) or []
        return {"replies": replies, "paused": tracker.is_paused()}


def _message_of(body: dict[str, Any], received_at: float) -> UserMessage:
    metadata = {"message_id": body["message_id"], "received_at": received_at}
    if isinstance(body.get("shown"), str):
        # A button's title: what the customer saw, where the text is the payload. Set here too for a title typed.
        metadata["shown"] = body["shown"]
    return UserMessage(
        body["text"],
        CollectingOutputChannel(),
        body["conversation_id"],
        input_channel=body.get("channel") or GatewayInput.name(),
        message_id=body["message_id"],
        metadata=metadata,
    )


async def _press_what_was_typed(agent: Agent, tracker: DialogueStateTracker, message: UserMessage) -> None:
    """A button that was written out is a button pressed; the log shows what was written."""
    buttons, meanings = typed_choice.offered(tracker.applied_events())
    if not buttons or tracker.is_paused() or message.text.startswith("/") or "shown" in message.metadata:
        return
    payload = typed_choice.by_title(message.text, buttons)
    if payload is None and not tracker.active_loop_name:
        payload = await typed_choice.by_meaning(message.text, meanings, lambda: agent.processor.parse_message(message))
    if payload is not None:
        message.metadata["shown"] = message.text
        message.text = payload


async def _turn(agent: Agent, message: UserMessage, begins: bool) -> None:
    try:
        if begins:
            await _begin(agent, message)
        await agent.processor.handle_message(message)
    except Exception:
        logger.exception("The turn of message %s failed; the customer gets %s.", message.message_id, TROUBLE)


async def _begin(agent: Agent, message: UserMessage) -> None:
    """Start the session apart from the turn: if its action fails, a turn on top of it would run in a ring."""
    processor = agent.processor
    tracker = await processor.fetch_tracker_and_update_session(
        message.sender_id, message.output_channel, message.metadata
    )
    _listen(tracker, processor.domain)
    await processor.save_tracker(tracker)


async def _finish(agent: Agent, message: UserMessage) -> DialogueStateTracker:
    """Whatever went wrong: the message is in the log, the customer has an answer, and the next message is heard."""
    processor = agent.processor
    tracker = await processor.get_tracker(message.sender_id)
    if _replies_to(tracker, message.message_id) is None:
        tracker.update(
            UserUttered(
                message.text,
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            ),
            processor.domain,
        )
    if _is_unanswered(tracker, message.message_id) and not tracker.is_paused():
        draft = await agent.nlg.generate(TROUBLE, tracker, message.input_channel or "") or {}
        data = {"buttons": draft.get("buttons")}
        tracker.update(BotUttered(draft.get("text"), data, metadata={"utter_action": TROUBLE}), processor.domain)
    _listen(tracker, processor.domain)
    await processor.save_tracker(tracker)
    return tracker


def _is_unanswered(tracker: DialogueStateTracker, message_id: str) -> bool:
    """Whether it is the last thing that was said, by anybody."""
    last = next((event for event in reversed(tracker.events) if isinstance(event, UserUttered | BotUttered)), None)
    return isinstance(last, UserUttered) and last.message_id == message_id


def _listen(tracker: DialogueStateTracker, domain: Domain) -> None:
    """No rule begins but after `action_listen`; a turn that broke off has not come to it."""
    if tracker.latest_action_name != ACTION_LISTEN_NAME:
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME), domain)


def _replies_to(tracker: DialogueStateTracker, message_id: str) -> list[dict[str, Any]] | None:
    """What the bot said after that message; None when the message is not in the log."""
    replies: list[dict[str, Any]] | None = None
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if replies is not None:
                break
            if event.message_id == message_id:
                replies = []
        elif isinstance(event, BotUttered) and replies is not None and not event.metadata.get("author"):
            replies.append(_reply(event))
    return replies


def _reply(event: BotUttered) -> dict[str, Any]:
    reply: dict[str, Any] = {"text": event.text or "", "response": event.metadata.get("utter_action")}
    buttons = [{"title": button["title"], "payload": button["payload"]} for button in event.data.get("buttons") or []]
    if buttons:
        reply["buttons"] = buttons
    reply.update({field: event.metadata[field] for field in REPLY_FIELDS if event.metadata.get(field)})
    return reply


async def control_conversation(agent: Agent, body: dict[str, Any]) -> None:
    """Pause, resume or write for a person; the same message id again changes nothing."""
    processor = agent.processor
    async with agent.lock_store.lock(body["conversation_id"]):
        tracker = await processor.fetch_tracker_with_initial_session(body["conversation_id"])
        if any(event.metadata.get("message_id") == body["message_id"] for event in tracker.events):
            return
        tracker.update(CONTROLS[body["action"]](body), processor.domain)
        await processor.save_tracker(tracker)


def _staff_message(body: dict[str, Any]) -> Event:
    metadata = {
        "author": "staff",
        "staff_id": body.get("staff_id"),
        "staff_name": body.get("staff_name"),
        "message_id": body["message_id"],
    }
    return BotUttered(body.get("text") or "", metadata=metadata)


CONTROLS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "pause": lambda body: ConversationPaused(metadata={"message_id": body["message_id"]}),
    "resume": lambda body: ConversationResumed(metadata={"message_id": body["message_id"]}),
    "staff_message": _staff_message,
}

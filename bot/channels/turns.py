"""Turns of a conversation: each message is answered once, whatever breaks off when, and never with silence.

Rasa saves a turn in one transaction. What is done after it (a sentence where none came, further requests of the same
message) leaves its mark in the log with what it did, so that a turn which was broken off is ended by the next call
with the same message id, and nothing in it is done again.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels import waiting
from bot.channels.bursts import taken_together
from bot.channels.follow_ups import earlier_of
from bot.channels.fragments import understand
from bot.channels.said import Said, event_of, ids_of, is_unanswered, latest_turn, messages_of, replies_to, turn_of
from bot.channels.typed_choice import press_what_was_typed
from bot.nlu.earlier import understood_after
from bot.nlu.requests import WHOLE

logger = logging.getLogger(__name__)

TROUBLE = "utter_trouble"
NEXT = "utter_requests_next"
LEFT = "utter_requests_left"
# Questions that any text answers: no request is looked for in it.
FREE_TEXT = frozenset({"complaint_text", "comment"})
# Set on a part that another follows at once: the running task asks its question after the last of them.
MORE_AT_ONCE = "more_at_once"
# Within so long, a piece of a message is understood together with the one before it.
TOGETHER_S = 6.0


async def handle_message(agent: Agent, body: dict[str, Any], together_s: float = TOGETHER_S) -> dict[str, Any]:
    """One turn, at most once per message id.

    Returns `{"replies": [...], "paused": bool, "answered": [message ids]}`; the replies of a turn that was processed
    before come from the log, with the ids of the messages that it answered.
    """
    said = messages_of(body)
    received_at = time.time()
    async with agent.lock_store.lock(body["conversation_id"]):
        tracker = await agent.processor.get_tracker(body["conversation_id"])
        before = turn_of(tracker, said[0].message_id)
        if before is None:
            message = _first(body, await taken_together(agent, tracker, said), tracker, received_at)
            await press_what_was_typed(agent, tracker, message)
            await _turn(agent, message, tracker, together_s)
        else:
            message = _again(body, before)
        if before is None or before is latest_turn(tracker):
            # Also when it was processed before: the bot may have been killed ahead of this.
            await _finish(agent, message)
            tracker = await _serve_rest(agent, message)
        turn = turn_of(tracker, said[0].message_id)
        return {
            "replies": replies_to(tracker, message.message_id),
            "paused": tracker.is_paused(),
            "answered": ids_of(turn) if turn else [said[0].message_id],
        }


def _first(body: dict[str, Any], said: list[Said], tracker: DialogueStateTracker, received_at: float) -> UserMessage:
    """The message that begins a turn: one, or several as one text of as many lines."""
    metadata: dict[str, Any] = {"message_id": said[-1].message_id, "received_at": received_at}
    if isinstance(body.get("shown"), str):
        # A button's title: what the customer saw, where the text is the payload.
        metadata["shown"] = body["shown"]
    if len(said) > 1:
        metadata["said"] = [{"message_id": each.message_id, "text": each.text} for each in said]
    if tracker.active_loop_name and tracker.get_slot("requested_slot") in FREE_TEXT:
        metadata[WHOLE] = True
    return _message(body, "\n".join(each.text for each in said), said[-1].message_id, metadata)


def _again(body: dict[str, Any], turn: UserUttered) -> UserMessage:
    """The message of a turn that is in the log."""
    return _message(body, turn.text or "", str(turn.message_id), turn.metadata or {})


def _message(body: dict[str, Any], text: str, message_id: str, metadata: dict[str, Any]) -> UserMessage:
    return UserMessage(
        text,
        CollectingOutputChannel(),
        body["conversation_id"],
        input_channel=body.get("channel") or "gateway",
        message_id=message_id,
        metadata=metadata,
    )


async def _turn(agent: Agent, message: UserMessage, tracker: DialogueStateTracker, together_s: float) -> None:
    try:
        if not tracker.applied_events():
            await _begin(agent, message)
        with understood_after(earlier_of(tracker, message.text or "", message.metadata["received_at"])):
            await agent.processor.handle_message(await understand(agent, tracker, message, together_s))
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


async def _finish(agent: Agent, message: UserMessage) -> None:
    """Whatever went wrong: the message is in the log, the customer has an answer, and the next message is heard."""
    processor = agent.processor
    tracker = await processor.get_tracker(message.sender_id)
    turn = event_of(tracker, message.message_id)
    if turn is None:
        turn = UserUttered(
            message.text,
            input_channel=message.input_channel,
            message_id=message.message_id,
            metadata=message.metadata,
        )
        tracker.update(turn, processor.domain)
    if is_unanswered(tracker, message.message_id) and not tracker.is_paused():
        await _utter(agent, tracker, message, TROUBLE)
    entries = waiting.after_turn(tracker, turn, TROUBLE)
    if entries != waiting.waiting(tracker):
        tracker.update(waiting.keep(entries), processor.domain)
    _listen(tracker, processor.domain)
    await processor.save_tracker(tracker)


async def _serve_rest(agent: Agent, message: UserMessage) -> DialogueStateTracker:
    """The further requests of the message, and of those before it, as far as their time has come."""
    processor = agent.processor
    while True:
        tracker = await processor.get_tracker(message.sender_id)
        if tracker.is_paused():
            return tracker
        if left := waiting.left_requests(tracker):
            await _utter(agent, tracker, message, LEFT, requests='", "'.join(entry["text"] for entry in left))
            rest = [entry for entry in waiting.waiting(tracker) if entry not in left]
            tracker.update(waiting.keep(rest), processor.domain)
            await processor.save_tracker(tracker)
            continue
        entry = waiting.next_request(tracker)
        if entry is None:
            return tracker
        await _serve(agent, tracker, message, entry)


async def _serve(agent: Agent, tracker: DialogueStateTracker, message: UserMessage, entry: waiting.Entry) -> None:
    """A turn of its own for one request, within the turn of `message`."""
    if entry["part_of"] != message.message_id and not entry.get("announced"):
        await _utter(agent, tracker, message, NEXT, request=entry["text"])
        entries = [{**each, "announced": True} if each == entry else each for each in waiting.waiting(tracker)]
        tracker.update(waiting.keep(entries), agent.processor.domain)
        await agent.processor.save_tracker(tracker)
    metadata = {
        "message_id": message.message_id,
        "received_at": (message.metadata or {}).get("received_at"),
        "part_of": entry["part_of"],
        MORE_AT_ONCE: waiting.are_more_at_once(tracker, entry),
        WHOLE: True,
    }
    part = UserMessage(
        entry["text"],
        CollectingOutputChannel(),
        message.sender_id,
        input_channel=message.input_channel,
        message_id=waiting.part_id(entry),
        metadata=metadata,
    )
    if event_of(tracker, part.message_id) is None:
        await _turn(agent, part, tracker, together_s=0.0)
    await _finish(agent, part)


async def _utter(
    agent: Agent, tracker: DialogueStateTracker, message: UserMessage, response: str, **fields: str
) -> None:
    draft = await agent.nlg.generate(response, tracker, message.input_channel or "", **fields) or {}
    data = {"buttons": draft.get("buttons")}
    tracker.update(BotUttered(draft.get("text"), data, metadata={"utter_action": response}), agent.processor.domain)


def _listen(tracker: DialogueStateTracker, domain: Domain) -> None:
    """No rule begins but after `action_listen`; a turn that broke off has not come to it."""
    if tracker.latest_action_name != ACTION_LISTEN_NAME:
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME), domain)

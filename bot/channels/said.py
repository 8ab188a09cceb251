"""What was said in a conversation, read from its tracker: which turn answered a message, and with what.

A turn begins with what the customer wrote: one message, or several that came while the bot was busy. Requests of it
that are served one after the other follow as further `UserUttered` events with `part_of` in their metadata; they are
nothing the customer said again, and belong to the turn they are answered in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.messages import is_payload

# What a reply carries besides text: the rest of a bot event's metadata stays in the log.
REPLY_FIELDS = ("sources", "passages")


@dataclass(frozen=True)
class Said:
    """One message of the customer."""

    message_id: str
    text: str


def messages_of(body: dict[str, Any]) -> list[Said]:
    """The message of a request and those that came after it. What a button says stands alone."""
    said = [Said(body["message_id"], body["text"].strip())]
    for each in body.get("further") or ():
        if is_payload(said[-1].text) or is_payload(each["text"]):
            break
        said.append(Said(each["message_id"], each["text"].strip()))
    return said


def is_part(event: UserUttered) -> bool:
    """Whether it is a part of a message that was said before."""
    return "part_of" in (event.metadata or {})


def ids_of(event: UserUttered) -> list[str]:
    """The messages that the turn of this event answers."""
    said = (event.metadata or {}).get("said") or [{"message_id": event.message_id}]
    return [each["message_id"] for each in said]


def turn_of(tracker: DialogueStateTracker, message_id: str) -> UserUttered | None:
    """The event that began the turn which answers the message; None when it is not in the log."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and not is_part(event) and message_id in ids_of(event):
            return event
    return None


def latest_turn(tracker: DialogueStateTracker) -> UserUttered | None:
    """The event that began the latest turn."""
    events = (event for event in reversed(tracker.events) if isinstance(event, UserUttered) and not is_part(event))
    return next(events, None)


def event_of(tracker: DialogueStateTracker, message_id: str) -> UserUttered | None:
    """The event of a turn or of a part of it."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and event.message_id == message_id:
            return event
    return None


def replies_to(tracker: DialogueStateTracker, turn_id: str) -> list[dict[str, Any]]:
    """What the bot said in the turn, its parts included."""
    replies: list[dict[str, Any]] = []
    is_inside = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            is_inside = (event.metadata or {}).get("message_id", event.message_id) == turn_id
        elif isinstance(event, BotUttered) and is_inside and not event.metadata.get("author"):
            replies.append(_reply(event))
    return replies


def is_unanswered(tracker: DialogueStateTracker, message_id: str) -> bool:
    """Whether it is the last thing that was said, by anybody."""
    last = next((event for event in reversed(tracker.events) if isinstance(event, UserUttered | BotUttered)), None)
    return isinstance(last, UserUttered) and last.message_id == message_id


def _reply(event: BotUttered) -> dict[str, Any]:
    reply: dict[str, Any] = {"text": event.text or "", "response": event.metadata.get("utter_action")}
    buttons = [{"title": button["title"], "payload": button["payload"]} for button in event.data.get("buttons") or []]
    if buttons:
        reply["buttons"] = buttons
    reply.update({field: event.metadata[field] for field in REPLY_FIELDS if event.metadata.get(field)})
    return reply

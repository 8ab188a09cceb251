"""What the bot understood of the customer's latest message, read from Rasa's tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Tracker

from actions.frustration import FRUSTRATED_FROM, UNHAPPY, Frustration, frustration_in

# Says that the other requests of a message come when the task has ended.
REST_LATER = "utter_requests_later"
_CHOICES_OF_ORDER = ("utter_order_choose", "utter_ask_order_id", "utter_order_list")
_RESUMING = ("action_follow_up", "action_product", "action_correct_order", "action_signed_in")
_OWN_ACTIONS = ("action_listen", "action_extract_slots", "action_session_start")
# They belong to the task: its question is said again, or explained, or waited for.
_NO_ASIDES = ("action_repeat", "utter_help", "utter_wait")


@dataclass(frozen=True)
class Turn:
    """One message and where in the conversation it stands."""

    conversation_id: str
    channel: str
    text: str
    intent: str
    intent_set: tuple[Mapping[str, Any], ...]
    entities: Mapping[str, tuple[str, ...]]
    sentiment: float  # -1 to 1
    frustrated: bool  # by the message itself or, together with it, by the conversation
    frustration: Frustration
    question: str  # the message, or the words before it where it is the button that says what they meant
    passages: tuple[Mapping[str, Any], ...]  # ids and scores of what the articles may say to it
    answerable: float  # probability that they do
    asks_more: bool  # whether the message holds further requests, which are served after this one
    follows: bool  # whether it leans on a question before it that an article answered
    foreign_language: str | None  # code of the question's language where the bot was not trained for it
    now: datetime
    further: tuple[str, ...] = ()  # those requests, as they were written
    more_at_once: bool = False  # whether another of its requests is served next, before the running task goes on

    @property
    def unhappy(self) -> bool:
        """Whether the customer is in no mood for cheer: by these words, or by the course of the conversation."""
        return self.sentiment <= UNHAPPY or self.frustrated

    @property
    def is_button(self) -> bool:
        """Whether it was pressed, not written."""
        return _is_button(self.text)

    def entity(self, name: str) -> str | None:
        """The first value of an entity, or None."""
        values = self.entities.get(name)
        return values[0] if values else None


def entities_in(parsed: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The values of each entity in what was understood of a message, in their order."""
    found: dict[str, list[str]] = {}
    for entity in parsed.get("entities") or ():
        found.setdefault(entity["entity"], []).append(str(entity["value"]))
    return {name: tuple(values) for name, values in found.items()}


def read_turn(tracker: Tracker) -> Turn:
    """The latest message of `tracker`; a conversation without one gives an empty turn."""
    message = tracker.latest_message or {}
    mood = _mood(tracker.events or (), message)
    asked = _question(tracker.events or (), message)
    frustration = frustration_in(tracker.events or ())
    return Turn(
        conversation_id=tracker.sender_id,
        channel=tracker.get_latest_input_channel() or "unknown",
        text=message.get("text") or "",
        intent=(message.get("intent") or {}).get("name") or "",
        intent_set=tuple(message.get("intent_set") or ()),
        entities=entities_in(message),
        sentiment=float(mood.get("score") or 0.0),
        frustrated=bool(mood.get("frustration")) or frustration.level >= FRUSTRATED_FROM,
        frustration=frustration,
        question=asked.get("text") or "",
        passages=tuple(asked.get("passages") or ()),
        answerable=float(asked.get("answerable") or 0.0),
        asks_more=bool(message.get("further_requests")),
        further=_further(tracker, message),
        follows=bool(asked.get("follows")),
        foreign_language=_foreign_language(asked),
        now=datetime.now(UTC).replace(tzinfo=None),
        more_at_once=_more_at_once(tracker.events or (), message),
    )


def _more_at_once(events: Sequence[Mapping[str, Any]], message: Mapping[str, Any]) -> bool:
    """Of a message in the middle of a task; what begins a task itself is served when the running one has ended."""
    task = running_task(events)
    if task is None or is_starting(events, task):
        return False
    metadata = next((event.get("metadata") for event in reversed(events) if event["event"] == "user"), None) or {}
    if "part_of" in metadata:
        return bool(metadata.get("more_at_once"))
    return any(not each["begins_task"] for each in message.get("further_requests") or ())


def _further(tracker: Tracker, message: Mapping[str, Any]) -> tuple[str, ...]:
    """What else the message asks for; of a message that is such a part itself, what still waits and was not told of."""
    events = tracker.events or ()
    # As it was written; the text of what was understood is that of its first request.
    written = next((event for event in reversed(events) if event["event"] == "user"), {})
    text = str(written.get("text") or "")
    if "part_of" not in (written.get("metadata") or {}):
        return tuple(text[each["start"] : each["end"]] for each in message.get("further_requests") or ())
    said = ((event.get("metadata") or {}).get("utter_action") for event in events if event["event"] == "bot")
    waiting = () if REST_LATER in said else tracker.slots.get("waiting_requests") or ()
    return tuple(each["text"] for each in waiting if each["text"] != text and not each.get("left"))


def _foreign_language(message: Mapping[str, Any]) -> str | None:
    language = message.get("language") or {}
    return str(language["code"]) if language and not language["trained"] else None


def _is_button(text: object) -> bool:
    return str(text or "").startswith("/")


def _mood(events: Sequence[Mapping[str, Any]], latest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sentiment of the latest message; of the words before it, where it is a button that was pressed."""
    if not _is_button(latest.get("text")):
        return latest.get("sentiment") or {}
    typed = (event for event in reversed(events) if event["event"] == "user" and not _is_button(event.get("text")))
    return (next(typed, {}).get("parse_data") or {}).get("sentiment") or {}


def _question(events: Sequence[Mapping[str, Any]], latest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message that is to be answered: the latest, or the one just before the button that says what it meant."""
    if not _is_button(latest.get("text")):
        return latest
    said = [event for event in reversed(events) if event["event"] == "user"]
    if len(said) < 2 or _is_button(said[1].get("text")):
        return latest
    return {"text": said[1].get("text"), **(said[1].get("parse_data") or {})}


def is_fresh(events: Sequence[Mapping[str, Any]], form: str) -> bool:
    """Whether the latest message still waits to be used, for `form`.

    It does not when another action answered it (a question in between): then the form only asks again.
    """
    for event in reversed(events):
        if event["event"] == "user":
            return True
        if event["event"] == "action" and event["name"] not in (form, *_OWN_ACTIONS):
            return False
    return True


def began_with(events: Sequence[Mapping[str, Any]], form: str) -> Mapping[str, Any]:
    """The words that `form` last began with, as a user event; those before the button, where one said what they meant.

    Empty where buttons alone began it, or it never ran.
    """
    begun, buttons = False, 0
    for event in reversed(events):
        if event["event"] == "active_loop" and event["name"] == form:
            begun = True
        elif begun and event["event"] == "user":
            if not _is_button(event.get("text")):
                return event
            buttons += 1
            if buttons > 1:
                break
    return {}


def asides_in_a_row(events: Sequence[Mapping[str, Any]], form: str) -> int:
    """How many messages in a row, the latest last, something else than the running `form` answered."""
    count, elsewhere = 0, False
    for event in reversed(events):
        if event["event"] == "active_loop":
            break
        if event["event"] == "action":
            elsewhere = elsewhere or event["name"] not in (form, *_OWN_ACTIONS, *_NO_ASIDES)
        elif event["event"] == "user" and "part_of" not in (event.get("metadata") or {}):
            if not elsewhere:
                break
            count, elsewhere = count + 1, False
    return count


def said_last(events: Sequence[Mapping[str, Any]]) -> str:
    """The name of the bot's latest words, before or in this turn."""
    for event in reversed(events):
        if event["event"] == "bot":
            return str((event.get("metadata") or {}).get("utter_action") or "")
    return ""


def words_before(events: Sequence[Mapping[str, Any]], response: str) -> str:
    """What the customer wrote before the bot last said `response`; buttons are no words."""
    said = False
    for event in reversed(events):
        if event["event"] == "bot":
            said = said or (event.get("metadata") or {}).get("utter_action") == response
        elif said and event["event"] == "user" and not _is_button(event.get("text")):
            return str(event.get("text") or "")
    return ""


def asked_last(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the bot's latest words asked something, or left something to choose."""
    last = next((event for event in reversed(events) if event["event"] == "bot"), {})
    return "?" in str(last.get("text") or "") or bool((last.get("data") or {}).get("buttons"))


def asked_which_order(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the bot's latest words offered orders to choose from."""
    return said_last(events) in _CHOICES_OF_ORDER


def running_task(events: Sequence[Mapping[str, Any]]) -> str | None:
    """The name of the form that is active, or None."""
    for event in reversed(events):
        if event["event"] == "active_loop":
            return event["name"] or None
    return None


def interrupted_task(events: Sequence[Mapping[str, Any]], form: str) -> str | None:
    """The name of the form that was still active when `form` began, or None."""
    begun = False
    for event in reversed(events):
        if event["event"] == "session_started":
            return None
        if event["event"] == "active_loop":
            if begun:
                return None if event["name"] == form else event["name"] or None
            begun = True
    return None


def has_run(events: Sequence[Mapping[str, Any]], action: str) -> bool:
    """Whether an action has run since the session began."""
    for event in reversed(events):
        if event["event"] == "session_started":
            return False
        if event["event"] == "action" and event["name"] == action:
            return True
    return False


def has_written(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the customer has written anything before the latest message, since the session began."""
    messages = 0
    for event in reversed(events):
        if event["event"] == "session_started":
            break
        messages += event["event"] == "user" and "part_of" not in (event.get("metadata") or {})
    return messages > 1


def is_resumed(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether another action of this very turn chose what to go on with, and left the order in its slot."""
    for event in reversed(events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"] in _RESUMING:
            return True
    return False


def is_chained(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether another action has run in this turn and handed on: then no rule says what comes next."""
    for event in reversed(events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"].startswith("action_") and event["name"] not in _OWN_ACTIONS:
            return True
    return False


def is_starting(events: Sequence[Mapping[str, Any]], form: str) -> bool:
    """Whether `form` begins in this very turn."""
    for event in reversed(events):
        if event["event"] == "user":
            return False
        if event["event"] == "active_loop" and event["name"] == form:
            return True
    return False

"""Requests of a message that wait until the one before them is done: what stands in the slot `waiting_requests`.

A slot, because it is part of the tracker's state: it survives a restart however long a task takes. Each entry is
`{"text", "intent", "part_of", "part"}`, and where they hold `at_once` (asked in the middle of a task),
`announced` (the bot has said that it comes to it) and `left` (nobody goes on with it; the customer is to be told).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.said import is_part
from bot.nlu.matters import TASKS
from bot.nlu.vectors import FURTHER_REQUESTS

SLOT = "waiting_requests"
# Whoever says so has done with what they asked before.
ENDING = frozenset({"stop", "start_over", "ask_person", "delete_data"})

Entry = dict[str, Any]


def waiting(tracker: DialogueStateTracker) -> list[Entry]:
    """What waits, oldest first."""
    slot = tracker.slots.get(SLOT)
    return list(slot.value or ()) if slot is not None else []


def keep(entries: Sequence[Entry]) -> SlotSet:
    """The event that remembers them."""
    return SlotSet(SLOT, list(entries) or None)


def leave(entries: Sequence[Entry]) -> list[Entry]:
    """The same, none of which is gone on with."""
    return [{**entry, "left": True} for entry in entries]


def after_turn(tracker: DialogueStateTracker, turn: UserUttered, trouble: str) -> list[Entry]:
    """What waits once this turn, or this part of one, is over. `trouble`: the sentence of a turn that failed."""
    entries = [entry for entry in waiting(tracker) if part_id(entry) != turn.message_id]
    said = [event.metadata.get("utter_action") for event in _since(tracker, turn) if isinstance(event, BotUttered)]
    if trouble in said:
        # The customer was told that it could not be done, and is asked to try again.
        return entries if tracker.active_loop_name else leave(entries)
    own = (turn.metadata or {}).get("part_of", turn.message_id)
    if (turn.parse_data.get("intent") or {}).get("name") in ENDING:
        entries = [entry if entry["part_of"] == own else {**entry, "left": True} for entry in entries]
    return entries + _new(tracker, turn)


def are_more_at_once(tracker: DialogueStateTracker, entry: Entry) -> bool:
    """Whether another request comes right after this one, before the running task goes on."""
    others = (each for each in waiting(tracker) if each != entry and not each.get("left"))
    return any(_is_short(each) for each in others)


def next_request(tracker: DialogueStateTracker) -> Entry | None:
    """What is to be served now: in a task only what was asked beside it and is answered in a word."""
    for entry in waiting(tracker):
        if not entry.get("left") and (_is_short(entry) or not tracker.active_loop_name):
            return entry
    return None


def _is_short(entry: Entry) -> bool:
    return bool(entry.get("at_once")) and entry["intent"] not in TASKS


def left_requests(tracker: DialogueStateTracker) -> list[Entry]:
    """What the customer is to be told that nobody goes on with; not in the middle of a task."""
    return [] if tracker.active_loop_name else [entry for entry in waiting(tracker) if entry.get("left")]


def part_id(entry: Entry) -> str:
    """The message id of its `UserUttered` event."""
    return f"{entry['part_of']}#{entry['part']}"


def _new(tracker: DialogueStateTracker, turn: UserUttered) -> list[Entry]:
    """The further requests of the turn's message, unless they were taken before or a person has the conversation."""
    further = turn.parse_data.get(FURTHER_REQUESTS) or ()
    since = list(_since(tracker, turn))
    if is_part(turn) or tracker.is_paused() or any(isinstance(each, SlotSet) and each.key == SLOT for each in since):
        return []
    begun = {event.name for event in since if isinstance(event, ActiveLoop)}
    in_task = tracker.active_loop_name is not None and tracker.active_loop_name not in begun
    text = turn.text or ""
    return [
        {
            "text": text[request["start"] : request["end"]],
            "intent": request["intent"],
            "part_of": turn.message_id,
            "part": number,
            **({"at_once": True} if in_task else {}),
        }
        for number, request in enumerate(further, start=2)
    ]


def _since(tracker: DialogueStateTracker, turn: UserUttered) -> Iterator[Event]:
    """The events after the one that began the turn."""
    events = list(tracker.events)
    place = next(number for number in reversed(range(len(events))) if events[number] is turn)
    yield from events[place + 1 :]

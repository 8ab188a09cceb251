"""A task that is left for another one: kept with what was filled in, and offered again when the other one ends.

Only the task left last is kept. What has changed meanwhile is asked again, and so is the confirmation, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.fields import Choice
from actions.shop_action import Context
from actions.task_state import State
from actions.task_words import TASK_SLOTS
from actions.turn import interrupted_task
from actions.words import word

# Signing in is no task of its own: it goes on with what needed it.
_NEVER = (None, "sign_in_form")
_ASKED_ANEW = ("confirmed", "misses", "email", "code", "email_code")


def leave_for_now(state: State, form: str) -> None:
    """When `form` begins in the middle of another task: say so, and keep that one. Else forget what was kept."""
    context = state.context
    former = interrupted_task(context.events, form)
    if former in _NEVER or form in _NEVER:
        if context.slots.get("set_aside"):
            state.set("set_aside", None)
        return
    keep(state, str(former))
    context.say("task", "set_aside", task=_name(str(former)))


def keep(state: State, form: str) -> None:
    """What was filled in of `form`, for later."""
    kept = (slot for slot in ("order_id", *TASK_SLOTS) if slot not in _ASKED_ANEW)
    slots = state.context.slots
    values = {slot: slots[slot] for slot in kept if slots.get(slot) is not None}
    state.set("set_aside", {"form": form, "values": values})


def offer_to_go_on(context: Context) -> None:
    """At the end of a task: whether to go on with the one that was left for it."""
    kept = context.slots.get("set_aside")
    if kept:
        context.say("task", "go_on", task=_name(kept["form"]))


def go_on(kept: dict[str, Any]) -> list[EventType]:
    """Begin it again with what was filled in."""
    values = [SlotSet(slot, value) for slot, value in kept["values"].items()]
    return [*values, SlotSet("set_aside", None), FollowupAction(kept["form"])]


def forget_outdated(state: State, fields: Sequence[object]) -> None:
    """Drop what can no longer be chosen, and what no yes was heard to."""
    known = dict(state.context.slots)
    for each in fields:
        if isinstance(each, Choice) and known.get(each.slot) is not None:
            possible = {identifier for identifier, _ in each.options(state.context, known)}
            if known[each.slot] not in possible:
                state.forget((each.slot,))
    state.forget(_ASKED_ANEW)


def _name(form: str) -> str:
    return word(f"task_{form.removesuffix('_form')}")

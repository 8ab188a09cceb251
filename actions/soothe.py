"""Saying sorry to a customer whose patience ends, and showing the way to a person: once, not in every turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.context import Context
from actions.frustration import SAID_AGAIN

# The course of the conversation must show at least this much: the customer had to say it again.
SORRY_FROM = SAID_AGAIN
# Messages of the customer that go by before it is said once more.
PAUSE = 6
# What is said about it already: these say sorry themselves or show the way to a person.
_SOOTHING = ("utter_person_", "utter_complaint_", "utter_insult", "utter_form_stuck", "utter_answer_un",
             "utter_feedback_unhappy", "utter_order_status_late", "utter_greet_late", "utter_frustration_",
             "utter_offer_retention", "utter_offer_apology", "utter_offer_person", "utter_remembered_late",
             "utter_remembered_complaint_open", "utter_not_received_")  # fmt: skip


def say_sorry(context: Context) -> bool:
    """Before what the action has just said, where the conversation shows that the customer loses patience.

    Returns whether it was said. Not where the reply does so itself, or where it, or a person, was offered not long ago.
    """
    frustration = context.turn.frustration
    if not frustration.shown_by_conversation or frustration.level < SORRY_FROM:
        return False
    said = context.dispatcher.messages
    if any(_is_soothing(message.get("response")) for message in said) or _was_soothed(context.events):
        return False
    if "said_again" in frustration.signs:
        context.say("frustration", "said_again")
    else:
        context.say("frustration", "unhappy")
    said.insert(0, said.pop())
    return True


def _was_soothed(events: Sequence[Mapping[str, Any]]) -> bool:
    messages = 0
    for event in reversed(events):
        if event["event"] == "user":
            messages += 1
            if messages > PAUSE:
                return False
        elif event["event"] == "bot" and _is_soothing((event.get("metadata") or {}).get("utter_action")):
            return True
        elif event["event"] == "session_started":
            return False
    return False


def _is_soothing(response: object) -> bool:
    return str(response or "").startswith(_SOOTHING)

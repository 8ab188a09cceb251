"""Asking what was meant, when two or three things are likely."""

from __future__ import annotations

import json

from rasa_sdk.events import EventType, FollowupAction

from actions.articles import find_answer
from actions.doubt import open_doubt
from actions.shop_action import Context, ShopAction
from actions.words import choice_label
from knowledge.answer import AnswerStatus

MOST = 3
# What the message said besides its intent goes along with the button.
# A rant that may also mean something else is not answered with a question.
_RANTS = {"complaint": "complaint_form", "insult": "action_insult"}
NEGATIVE = -0.25
CARRIED = ("order_id", "email", "product", "category", "reason", "option", "rating")


class ActionClarify(ShopAction):
    """Offers the likely meanings as buttons, in the customer's words."""

    action = "action_clarify"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """An answer instead: to what is likeliest a question that the articles answer, and where no meaning can be
        put on a button.
        """
        if heard := hear_rant(context):
            return heard
        if _is_answered_question(context):
            return [FollowupAction("action_answer")]
        return ask_what_is_meant(context) or [FollowupAction("action_answer")]


def _is_answered_question(context: Context) -> bool:
    likeliest = str(context.turn.intent_set[0]["name"]) if context.turn.intent_set else ""
    is_question = likeliest.startswith("ask_") and likeliest != "ask_person"
    return is_question and find_answer(context).status is AnswerStatus.ANSWERED


def hear_rant(context: Context) -> list[EventType]:
    """On with the complaint, where that is the likeliest and the customer is upset; else nothing."""
    likeliest = str(context.turn.intent_set[0]["name"]) if context.turn.intent_set else ""
    upset = context.turn.frustrated or context.turn.sentiment <= NEGATIVE
    return [FollowupAction(_RANTS[likeliest])] if upset and likeliest in _RANTS else []


def ask_what_is_meant(context: Context) -> list[EventType]:
    """Ask with the likeliest meanings as buttons and note the gap; nothing where none can be offered."""
    likely = [str(each["name"]) for each in context.turn.intent_set]
    entities = {name: value for name in CARRIED if (value := context.turn.entity(name))}
    details = json.dumps(entities, ensure_ascii=False) if entities else ""
    labelled = [(intent, choice_label(intent)) for intent in likely]
    buttons = [{"title": label, "payload": f"/{intent}{details}"} for intent, label in labelled if label][:MOST]
    if not buttons:
        return []
    context.say("clarify", "several" if len(buttons) > 1 else "one", buttons=buttons)
    return [open_doubt(context, likely, [intent for intent, label in labelled if label][:MOST])]

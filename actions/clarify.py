"""Asking what was meant, when two or three things are likely."""

from __future__ import annotations

import json

from rasa_sdk.events import EventType, FollowupAction

from actions.articles import find_answer
from actions.shop_action import Context, ShopAction
from actions.words import choice_label
from crm_models.gaps import GapKind, GapSort, record_gap
from knowledge.answer import AnswerStatus

MOST = 3
# What the message said besides its intent goes along with the button.
CARRIED = ("order_id", "email", "product", "category", "reason", "option", "rating")


class ActionClarify(ShopAction):
    """Offers the likely meanings as buttons, in the customer's words."""

    action = "action_clarify"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """An answer instead: to what is likeliest a question that the articles answer, and where no meaning can be
        put on a button.
        """
        if _is_answered_question(context) or not ask_what_is_meant(context):
            return [FollowupAction("action_answer")]
        return []


def _is_answered_question(context: Context) -> bool:
    likeliest = str(context.turn.intent_set[0]["name"]) if context.turn.intent_set else ""
    is_question = likeliest.startswith("ask_") and likeliest != "ask_person"
    return is_question and find_answer(context).status is AnswerStatus.ANSWERED


def ask_what_is_meant(context: Context) -> bool:
    """Ask with the likeliest meanings as buttons and note the gap; False where none can be offered."""
    likely = [str(each["name"]) for each in context.turn.intent_set]
    entities = {name: value for name in CARRIED if (value := context.turn.entity(name))}
    details = json.dumps(entities, ensure_ascii=False) if entities else ""
    labelled = [(intent, choice_label(intent)) for intent in likely]
    buttons = [{"title": label, "payload": f"/{intent}{details}"} for intent, label in labelled if label][:MOST]
    if not buttons:
        return False
    record_gap(
        context.connection,
        GapSort.REQUEST,
        GapKind.VAGUE,
        {"said": context.turn.text, "likely": likely},
        context.turn.now,
        conversation_id=context.turn.conversation_id,
        customer_id=context.identity.customer_id,
    )
    context.say("clarify", "several" if len(buttons) > 1 else "one", buttons=buttons)
    return True

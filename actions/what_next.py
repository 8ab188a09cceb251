"""How it goes on with what was done or promised last: a complaint, a person who was asked, a parcel, a refund."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import EventType, FollowupAction

from actions.articles import find_answer
from actions.formats import money
from actions.remember import tell_memory
from actions.shop_action import Context, ShopAction
from actions.turn import running_task
from crm_models.complaints import latest_complaint
from crm_models.escalations import is_waiting
from crm_models.refunds import RefundOutcome, refund_status
from knowledge.answer import AnswerStatus

_STATUS, _REFUND = "action_order_status", "action_refund_status"
# Where each of the bot's sentences leaves the customer, by the beginnings of their names.
_LEFT_WITH: Mapping[str, str] = {
    "utter_complaint_recorded": "complaint",
    "utter_complaint_added": "complaint",
    "utter_not_received_reported": "complaint",
    "utter_person_requested_delete_data": "deletion",
    "utter_person_requested": "person",
    "utter_person_already_waiting": "person",
    "utter_return_requested": "return",
    "utter_exchange_requested": "exchange",
    "utter_cancel_cancelled": _REFUND,
    "utter_refund_status_": _REFUND,
    "utter_order_status_": _STATUS,
    "utter_address_changed": _STATUS,
    "utter_items_changed": _STATUS,
    "utter_payment_changed": _STATUS,
}


def left_with(events: Sequence[Mapping[str, Any]]) -> str | None:
    """What was done or promised last in this conversation: the ending of a sentence's name, or an action's name."""
    for event in reversed(events):
        said = str((event.get("metadata") or {}).get("utter_action") or "") if event["event"] == "bot" else ""
        for beginning, matter in _LEFT_WITH.items():
            if said.startswith(beginning):
                return matter
    return None


class ActionWhatNext(ShopAction):
    """Answered from what happened in this conversation, else from the one before, else from the articles."""

    action = "action_what_next"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """In the middle of a task nothing has been done yet; the task asks on by itself."""
        if running_task(context.events):
            if find_answer(context).status is AnswerStatus.ANSWERED:
                return [FollowupAction("action_answer")]
            context.say("next", "task")
            return []
        matter = left_with(context.events)
        if matter in (_STATUS, _REFUND):
            return [FollowupAction(matter)]
        if matter == "complaint":
            complaint = latest_complaint(context.connection, context.turn.conversation_id)
            if complaint is not None:
                context.say("next", "complaint", complaint_id=complaint.complaint_id)
                return []
        if matter in ("person", "deletion") and is_waiting(context.connection, context.turn.conversation_id):
            context.say("next", matter)
            return []
        if matter == "exchange":
            context.say("next", "exchange")
            return []
        if matter == "return":
            return _tell_return(context)
        return self._elsewhere(context)

    def _elsewhere(self, context: Context) -> list[EventType]:
        remembered = tell_memory(context)
        if remembered is not None:
            return remembered
        if find_answer(context).status is AnswerStatus.ANSWERED:
            return [FollowupAction("action_answer")]
        context.say("next", "nothing")
        return []


def _tell_return(context: Context) -> list[EventType]:
    """The steps of a return that was announced, or its refund where the parcel is in."""
    order_id = str(context.slots.get("order_id"))
    refund = refund_status(context.connection, context.identity, order_id, context.turn.now)
    if refund.outcome is not RefundOutcome.WAITING_FOR_PARCEL:
        return [FollowupAction(_REFUND)]
    context.say(
        "next",
        "return",
        amount=money(refund.waiting_cents, context.currency),
        days="{} to {}".format(*refund.working_days),
    )
    return []

"""Asking what was meant, when two or three things are likely."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction

from actions.shop_action import Context, ShopAction
from actions.words import choice_label
from crm_models.gaps import GapKind, GapSort, record_gap

MOST = 3


class ActionClarify(ShopAction):
    """Offers the likely meanings as buttons, in the customer's words."""

    action = "action_clarify"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """An answer from the articles instead, where no meaning can be put on a button."""
        likely = [str(each["name"]) for each in context.turn.intent_set]
        labelled = [(intent, choice_label(intent)) for intent in likely]
        buttons = [{"title": label, "payload": f"/{intent}"} for intent, label in labelled if label][:MOST]
        if not buttons:
            return [FollowupAction("action_answer")]
        evidence = {"said": context.turn.text, "likely": likely}
        record_gap(
            context.connection,
            GapSort.REQUEST,
            GapKind.VAGUE,
            evidence,
            context.turn.now,
            conversation_id=context.turn.conversation_id,
            customer_id=context.identity.customer_id,
        )
        context.say("clarify", "several" if len(buttons) > 1 else "one", buttons=buttons)
        return []

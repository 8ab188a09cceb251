"""The start of a conversation: the profile is read before the first answer."""

from __future__ import annotations

from rasa_sdk.events import ActionExecuted, EventType, SessionStarted, SlotSet

from actions.personal_words import personal_slots
from actions.shop_action import Context, ShopAction
from crm_models.identity import open_conversation

CARRIED_OVER = ("order_id",)


class ActionSessionStart(ShopAction):
    """Name and tier where they may be used, for sentences; the order last talked about is kept from before."""

    action = "action_session_start"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """A channel that opens no conversation itself gets one here, anonymous."""
        open_conversation(context.connection, context.turn.conversation_id, context.turn.channel, context.turn.now)
        profile = context.profile
        kept = [SlotSet(slot, context.slots[slot]) for slot in CARRIED_OVER if context.slots.get(slot)]
        if waiting := context.slots.get("waiting_requests"):
            # The task they waited for is over; the customer is told that nobody goes on with them.
            kept.append(SlotSet("waiting_requests", [{**request, "left": True} for request in waiting]))
        return [
            SessionStarted(),
            *kept,
            *personal_slots(profile),
            ActionExecuted("action_listen"),
        ]

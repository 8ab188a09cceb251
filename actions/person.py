"""Handing over to a person."""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.shop_action import Context, ShopAction
from actions.task_words import cleared
from actions.words import languages_of
from crm_models.escalations import RequestOutcome, request_person, withdraw_request

# After them a no, or a "never mind", is about the person.
PERSON_COMES = ("utter_person_requested", "utter_person_already_waiting")


class ActionBackToBot(ShopAction):
    """The customer does without a person."""

    action = "action_back_to_bot"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Out of the queue, where nobody has taken the conversation yet."""
        withdrawn = withdraw_request(context.connection, context.turn.conversation_id, context.turn.now)
        context.say("back_to_bot", "withdrawn" if withdrawn else "here")
        return []


class ActionAskPerson(ShopAction):
    """Puts the conversation into the queue of the support staff. The bot goes on until a person takes it."""

    action = "action_ask_person"
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """Whatever task was running ends: the person will see it in the transcript."""
        deletion, language = context.turn.intent == "delete_data", context.turn.foreign_language
        reason = f"foreign_language_{language}" if language else "asked_for_person"
        outcome, _ = request_person(
            context.connection,
            context.turn.conversation_id,
            context.identity.customer_id if context.verified else None,
            "delete_data" if deletion else reason,
            context.turn.now,
        )
        asked_now = outcome is RequestOutcome.REQUESTED
        if asked_now and language in languages_of("foreign_asked"):
            context.say("foreign_asked", language)
        else:
            context.say("person", "requested_delete_data" if deletion and asked_now else outcome.value)
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("set_aside", None), *cleared()]

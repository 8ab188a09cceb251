"""Handing over to a person."""

from __future__ import annotations

import re

from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet

from actions.shop_action import Context, ShopAction
from actions.task_words import cleared
from actions.words import languages_of
from crm_models.escalations import DELETION, RequestOutcome, request_person, waits_for_deletion, withdraw_request

# After them a no, or a "never mind", is about the person.
PERSON_COMES = (
    "utter_person_requested", "utter_person_already_waiting", "utter_person_requested_delete_data", "utter_next_person",
    "utter_next_deletion",
)  # fmt: skip


_DELETE = re.compile(r"\b(?:delet|eras)\w*", re.IGNORECASE)
_NOT = re.compile(r"^\W*(?:no\b\W*)?(?:please\W+|stop\W+)*(?:do not|don['\u2019]?t|not)\b", re.IGNORECASE)


def speaks_of_deletion(text: str) -> bool:
    """Whether something is to be deleted, or is or is not."""
    return _DELETE.search(text) is not None


def keeps_their_data(context: Context) -> bool:
    """ "No, don't delete it", after that was asked for."""
    waits = waits_for_deletion(context.connection, context.turn.conversation_id)
    return waits and speaks_of_deletion(context.turn.text)


class ActionBackToBot(ShopAction):
    """The customer does without a person."""

    action = "action_back_to_bot"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Out of the queue, where nobody has taken the conversation yet."""
        deletion = waits_for_deletion(context.connection, context.turn.conversation_id)
        withdrawn = withdraw_request(context.connection, context.turn.conversation_id, context.turn.now)
        if withdrawn:
            context.say("back_to_bot", "deletion_withdrawn" if deletion else "withdrawn")
        else:
            context.say("back_to_bot", "here")
        return []


class ActionAskPerson(ShopAction):
    """Puts the conversation into the queue of the support staff. The bot goes on until a person takes it."""

    action = "action_ask_person"
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """Whatever task was running ends: the person will see it in the transcript."""
        if _NOT.match(context.turn.text) and speaks_of_deletion(context.turn.text):
            return [FollowupAction(ActionBackToBot.action)]
        deletion, language = context.turn.intent == "delete_data", context.turn.foreign_language
        reason = f"foreign_language_{language}" if language else "asked_for_person"
        outcome, _ = request_person(
            context.connection,
            context.turn.conversation_id,
            context.identity.customer_id if context.verified else None,
            DELETION if deletion else reason,
            context.turn.now,
        )
        asked_now = outcome is RequestOutcome.REQUESTED
        if asked_now and language in languages_of("foreign_asked"):
            context.say("foreign_asked", language)
        else:
            context.say("person", "requested_delete_data" if deletion and asked_now else outcome.value)
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("set_aside", None), *cleared()]

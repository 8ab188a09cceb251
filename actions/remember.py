"""Telling a returning customer what became of the matter of their last conversation."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.formats import ago, shorten
from actions.shop_action import Context
from actions.words import word
from crm_models.memory import Memory, Remembered, last_conversation
from crm_models.personal_fields import PersonalField

TOLD_AS = "utter_remembered_"
# Order matters are gone on with as a question about the order.
_STATUS = "action_order_status"


def tell_memory(context: Context) -> list[EventType] | None:
    """Say it, once for each way it stands; None where there is nothing to say."""
    memory = known_memory(context)
    return None if memory is None else say_memory(context, memory)


def known_memory(context: Context) -> Memory | None:
    """The matter of the last conversation that this customer lets be remembered."""
    profile = context.profile
    if profile is None or not profile.may_use(PersonalField.LAST_CONVERSATION):
        return None
    memory = last_conversation(
        context.connection, profile.customer_id, context.turn.conversation_id, TOLD_AS, context.turn.now
    )
    if memory is not None and memory.order_id and not profile.may_use(PersonalField.ORDERS):
        return None
    return memory


def say_memory(context: Context, memory: Memory, hello: str = "") -> list[EventType]:
    """`utter_remembered_<how it stands>`, after a greeting where there is one."""
    context.say(
        "remembered",
        memory.remembered.value,
        hello=hello,
        when=ago(memory.asked_at, context.turn.now),
        order_id=memory.order_id or "",
        about=word("about_order", order_id=memory.order_id) if memory.order_id else "",
        items=shorten(memory.products),
        status=word(f"status_{memory.status.value}") if memory.status else "",
    )
    if memory.order_id is None:
        return [SlotSet("resume", None)]
    return [SlotSet("order_id", memory.order_id), SlotSet("resume", _STATUS)]


def answers_memory(last: str) -> bool:
    """Whether the bot's latest words, by their name, were about an order of an earlier conversation."""
    complaints = tuple(TOLD_AS + each.value for each in (Remembered.COMPLAINT_OPEN, Remembered.COMPLAINT_CLOSED))
    return last.startswith(TOLD_AS) and not last.startswith(complaints)

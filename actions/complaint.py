"""Complaints: listened to, recorded with the order they are about, and passed to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType

from actions.fields import TextField
from actions.next_action import add_what_fits
from actions.order_choice import named_order
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_form import TaskForm
from actions.task_words import cleared
from actions.turn import is_starting
from crm_models.complaints import ComplaintOutcome, open_complaint
from crm_models.escalations import request_person
from crm_models.identity import Trust
from crm_models.next_action.kinds import Moment, Trouble

INTENTS = frozenset({"complaint", "damaged_item", "wrong_or_missing_item"})
_TROUBLES = {"damaged_item": Trouble.PRODUCT, "wrong_or_missing_item": Trouble.PRODUCT}
# A rant that may also mean something else comes here from `actions.clarify`.
DOUBTFUL = ("nlu_ambiguous", "nlu_unsure")
# A message this long has said what happened; a shorter one is asked to.
TELLING_WORDS = 12
# Below this a question may be the complaint itself.
UPSET = -0.25
LOOKED_UP = frozenset(
    {"order_status", "track_package", "list_orders", "refund_status", "loyalty_points", "invoice_copy"}
)


def tells_what_happened(text: str) -> bool:
    """Whether a first message says enough to be recorded as it is."""
    return len(text.split()) >= TELLING_WORDS


class ComplaintText(TextField):
    """What happened. A first message that tells it already is not asked to repeat itself."""

    def __init__(self) -> None:
        super().__init__("complaint_text")

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Any text but a short question about something that is looked up, asked without anger."""
        turn = context.turn
        calm = turn.sentiment > UPSET and not turn.frustrated
        if turn.intent in LOOKED_UP and calm and len(turn.text.split()) < TELLING_WORDS // 2:
            return False
        return super().mentioned(context, known)

    def read(self, context: Context, known: object, asked: bool) -> str | None:  # type: ignore[override]
        """The answer, or the message that began it."""
        if asked:
            return super().read(context, {}, asked)
        telling = context.turn.intent in (*INTENTS, *DOUBTFUL) and tells_what_happened(context.turn.text)
        return context.turn.text.strip() if telling else None


class ValidateComplaintForm(TaskForm):
    """Nobody has to prove who they are to complain."""

    form = "complaint_form"
    own_intents = INTENTS
    trust = Trust.ANONYMOUS
    fields = (ComplaintText(),)

    def act(self, context: Context) -> list[EventType]:
        """Say sorry first, when it begins and there is something to ask."""
        events = super().act(context)
        asks = any(event.get("name") == "requested_slot" and event["value"] for event in events)
        if asks and is_starting(context.events, self.form):
            context.say("complaint", "sorry")
        return events


class ActionComplaint(ShopAction):
    """Record it and ask a person to look."""

    action = "action_complaint"
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """With the order it is about, where one is known and theirs."""
        text = context.slots.get("complaint_text")
        if not text:
            return cleared()
        customer_id = context.identity.customer_id if context.verified else None
        order_id = (named_order(context) or context.slots.get("order_id")) if customer_id else None
        filed = dict(
            customer_id=customer_id,
            conversation_id=context.turn.conversation_id,
            topic=context.turn.intent if context.turn.intent in INTENTS else "complaint",
            text=text,
            now=context.turn.now,
        )
        outcome, number = open_complaint(context.connection, **filed, order_id=order_id)
        if outcome is ComplaintOutcome.UNKNOWN_ORDER:
            order_id = None
            outcome, number = open_complaint(context.connection, **filed)
        request_person(context.connection, context.turn.conversation_id, customer_id, "complaint", context.turn.now)
        topic = "recorded_order" if order_id else "recorded"
        context.say("complaint", topic, complaint_id=number, order_id=order_id)
        added = add_what_fits(
            context, Moment.COMPLAINT, text=text, trouble=_TROUBLES.get(context.turn.intent, Trouble.NONE)
        )
        offer_to_go_on(context)
        return [*cleared(), *added]

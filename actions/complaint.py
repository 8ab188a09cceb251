"""Complaints: listened to, recorded with the order they are about, and passed to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.fields import TextField
from actions.next_action import add_what_fits
from actions.not_received import ask_to_report, not_received
from actions.order_choice import CERTAIN, described_orders, named_order
from actions.return_items import refuses as refuses_return
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_form import TaskForm
from actions.task_words import cleared
from actions.turn import began_with, entities_in, has_run, is_starting, said_last
from crm_models.complaints import ComplaintOutcome, open_complaint
from crm_models.escalations import request_person
from crm_models.identity import Trust
from crm_models.next_action.kinds import Moment, Trouble
from crm_models.order_numbers import normalise_order_id
from crm_models.orders import OrderStatus, get_order
from crm_models.product_search import words

INTENTS = frozenset({"complaint", "damaged_item", "wrong_or_missing_item"})
_TROUBLES = {"damaged_item": Trouble.PRODUCT, "wrong_or_missing_item": Trouble.PRODUCT}
# A rant that may also mean something else comes here from `actions.clarify`.
DOUBTFUL = ("nlu_ambiguous", "nlu_unsure")
# A message this long has said what happened; a shorter one is asked to.
TELLING_WORDS = 12
# Where it is known already what it is about, so many words say more of it.
FEWEST_WORDS_MORE = 4
_LATE = ("utter_order_status_late", "utter_greet_late_order", "utter_remembered_late")
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
        telling = context.turn.intent in (*INTENTS, *DOUBTFUL) and (
            tells_what_happened(context.turn.text) or _goes_on(context)
        )
        return context.turn.text.strip() if telling else None


class ValidateComplaintForm(TaskForm):
    """Nobody has to prove who they are to complain."""

    form = "complaint_form"
    own_intents = INTENTS
    trust = Trust.ANONYMOUS
    fields = (ComplaintText(),)

    def act(self, context: Context) -> list[EventType]:
        """Say sorry first, when it begins and there is something to ask. A parcel that never came needs no telling."""
        if is_starting(context.events, self.form) and (order := not_received(context)) is not None:
            return [*ask_to_report(context, order), SlotSet("complaint_text", None), SlotSet("requested_slot", None)]
        events = super().act(context)
        asks = any(event.get("name") == "requested_slot" and event["value"] for event in events)
        if asks and is_starting(context.events, self.form):
            fault = context.turn.intent in _TROUBLES and not _things(context.turn.entities)
            context.say("complaint", "sorry_item" if fault else "sorry")
        return events


class ActionComplaint(ShopAction):
    """Record it and ask a person to look."""

    action = "action_complaint"
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """With the order it is about, where one is known and theirs."""
        answer = context.slots.get("complaint_text")
        if not answer:
            offer_to_go_on(context)
            return cleared()
        opening = began_with(context.events, ValidateComplaintForm.form)
        topic = _topic(context, opening)
        text = _whole(opening, answer)
        customer_id = context.identity.customer_id if context.verified else None
        order_id = _order_meant(context, opening, topic) if customer_id else None
        filed = dict(
            customer_id=customer_id,
            conversation_id=context.turn.conversation_id,
            topic=topic,
            text=text,
            now=context.turn.now,
        )
        outcome, number = open_complaint(context.connection, **filed, order_id=order_id)
        if outcome is ComplaintOutcome.UNKNOWN_ORDER:
            order_id = None
            outcome, number = open_complaint(context.connection, **filed)
        request_person(context.connection, context.turn.conversation_id, customer_id, "complaint", context.turn.now)
        context.say("complaint", "recorded_order" if order_id else "recorded", complaint_id=number, order_id=order_id)
        if order_id and topic == "damaged_item":
            _offer_to_put_right(
                context,
                order_id,
                _things(context.turn.entities) or _things(entities_in(opening.get("parse_data") or {})),
            )
        added = add_what_fits(context, Moment.COMPLAINT, text=text, trouble=_TROUBLES.get(topic, Trouble.NONE))
        offer_to_go_on(context)
        return [*cleared(), *added]


def _goes_on(context: Context) -> bool:
    """Whether it is known what it is about: an order just said to be late, or a complaint recorded a moment ago."""
    if context.turn.is_button or len(context.turn.text.split()) < FEWEST_WORDS_MORE:
        return False
    last = said_last(context.events)
    return last.startswith(_LATE) or has_run(context.events, ActionComplaint.action)


def _topic(context: Context, opening: Mapping[str, Any]) -> str:
    """What it is about: by the message it began with, where that says it, else by the answer."""
    return next((intent for intent in (_intent(opening), context.turn.intent) if intent in INTENTS), "complaint")


def _intent(opening: Mapping[str, Any]) -> str | None:
    return ((opening.get("parse_data") or {}).get("intent") or {}).get("name")


def _whole(opening: Mapping[str, Any], answer: str) -> str:
    """The complaint in the customer's words: "my kettle leaks" and the answer to "what happened?".

    "I want to complain" says nothing of it.
    """
    began = str(opening.get("text") or "").strip()
    tells = _intent(opening) in _TROUBLES or bool(entities_in(opening.get("parse_data") or {}))
    return f"{began}\n{answer}" if tells and began not in answer else answer


def _order_meant(context: Context, opening: Mapping[str, Any], topic: str) -> str | None:
    """By its number or by what is in it, in the answer or before; else the one talked about.

    What is broken has been delivered: the kettle that is still on its way is not meant.
    """
    began = str(opening.get("text") or "")
    numbered = named_order(context) or normalise_order_id(began)
    if numbered:
        return numbered
    products = entities_in(opening.get("parse_data") or {}).get("product", ())
    for candidates in (described_orders(context), described_orders(context, began, products)):
        meant = [each.order for each in candidates if each.kind in CERTAIN]
        fitting = [order for order in meant if topic != "damaged_item" or order.status is OrderStatus.DELIVERED]
        if len(fitting) == 1:
            return fitting[0].order_id
    focus = context.slots.get("order_id")
    order = get_order(context.connection, context.identity, focus) if focus else None
    return None if order and topic == "damaged_item" and order.status is not OrderStatus.DELIVERED else focus


def _things(entities: Mapping[str, Sequence[str]]) -> str:
    """The products and kinds of products that were named, without marks: they go into a button."""
    named = (*entities.get("product", ()), *entities.get("category", ()))
    return " ".join(word for name in named for word in words(name))


def _offer_to_put_right(context: Context, order_id: str, things: str) -> None:
    """What the customer can have at once, without waiting for the person; which item it is has been said."""
    order = get_order(context.connection, context.identity, order_id)
    if order is not None and refuses_return(context, order) is None:
        context.say("complaint", "put_right", order_id=order_id, thing=things)

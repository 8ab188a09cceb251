"""Complaints: listened to, recorded with the order they are about, and passed to a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.fields import TextField
from actions.heard import says_goodbye
from actions.next_action import add_what_fits
from actions.not_received import ask_to_report, not_received
from actions.order_choice import CERTAIN, described_orders, named_order
from actions.return_items import refuses as refuses_return
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_form import TaskForm
from actions.task_state import TaskEnded
from actions.task_words import cleared
from actions.turn import began_with, entities_in, has_run, is_starting, said_last
from crm_models.complaints import ComplaintOutcome, add_to_complaint, latest_complaint, open_complaint
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
_WHERE = frozenset({"order_status", "track_package", "order_late"})
LOOKED_UP = frozenset(
    {"order_status", "track_package", "list_orders", "refund_status", "loyalty_points", "invoice_copy", "what_next"}
)
WAYS_OUT = frozenset({"return_items", "exchange_items", "cancel_order"})
# "The refund is late" tells what happened, though it is looked up as "where is my refund?" is.
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:and|so|but|ok|just|please)?\W*"
    r"(?:where|when|what|which|who|how|why|is|are|has|have|did|do|does|can|could|will|tell|show|track|send|give)\b",
    re.IGNORECASE,
)
# "The lamp", "my new coffee grinder": more words say what is wrong with it.
_MOST_WORDS_OF_AN_ITEM = 5
# "It's broken" says nothing of what the team should know.
_FEWEST_WORDS_OF_A_FAULT = 5
_MOST_WORDS_OF_A_NO = 3


def names_only_an_item(text: str, entities: Mapping[str, Sequence[str]]) -> bool:
    """Whether a message says which thing it is, and nothing more."""
    things = (*entities.get("product", ()), *entities.get("category", ()), *entities.get("option", ()))
    return bool(things) and not entities.get("reason") and len(text.split()) <= _MOST_WORDS_OF_AN_ITEM


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
        short = len(turn.text.split()) < TELLING_WORDS // 2
        if turn.intent in LOOKED_UP and calm and short and _ASKS.search(turn.text):
            return False
        if turn.intent in WAYS_OUT and not tells_what_happened(turn.text):
            # "I'd like to send it back" is what they want done, and no telling what happened.
            return False
        return super().mentioned(context, known)

    def read(self, context: Context, known: object, asked: bool) -> str | None:  # type: ignore[override]
        """The answer, or the message that began it. One that only names the thing is kept, and the rest asked for."""
        if asked:
            turn = context.turn
            opening = began_with(context.events, ValidateComplaintForm.form)
            told = len(str(opening.get("text") or "").split()) >= _FEWEST_WORDS_OF_A_FAULT
            if turn.intent == "deny" and len(turn.text.split()) <= _MOST_WORDS_OF_A_NO:
                if told:
                    return str(opening["text"])
                context.say("complaint", "not_told")
                raise TaskEnded
            if not told and names_only_an_item(turn.text, turn.entities) and not context.slots.get("misses"):
                context.say("complaint", "noted_item")
                return None
            return super().read(context, {}, asked)
        said = _in_words(context)
        goes_on = _goes_on(context, said)
        telling = context.turn.intent in (*INTENTS, *DOUBTFUL) and (tells_what_happened(said) or goes_on)
        # "I've been waiting for weeks", of an order just said to be late.
        telling = telling or (context.turn.intent == "order_late" and goes_on)
        return said.strip() if telling else None


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
        if is_starting(context.events, self.form) and says_goodbye(context.turn.text):
            # "Bye, what a ..." leaves, and tells nothing.
            context.say("goodbye")
            return [SlotSet("complaint_text", None), SlotSet("requested_slot", None)]
        return super().act(context)

    def open(self, context: Context) -> None:
        """Sorry, and which item it is where something is broken."""
        fault = context.turn.intent in _TROUBLES and not _things(context.turn.entities)
        context.say("complaint", "sorry_item" if fault else "sorry")


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
        text = _whole(opening, _items_named(context), answer)
        customer_id = context.identity.customer_id if context.verified else None
        order_id = _order_meant(context, opening, topic) if customer_id else None
        if _add_to_the_last(context, text, named_order(context) or _order_of_things(context, opening, topic)):
            return [*cleared(), *_answer_too(context)]
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
        return [*cleared(), *added, *_answer_too(context)]


def _add_to_the_last(context: Context, text: str, order_id: str | None) -> bool:
    """Whether it says more of the complaint made a moment ago, and not of another order."""
    last = latest_complaint(context.connection, context.turn.conversation_id)
    if last is None or not has_run(context.events, ActionComplaint.action):
        return False
    if order_id is not None and order_id != last.order_id:
        return False
    add_to_complaint(context.connection, last, text)
    context.say("complaint", "added", complaint_id=last.complaint_id)
    return True


def _answer_too(context: Context) -> list[EventType]:
    """ "What a joke. Just tell me when!" is part of the complaint, and a question that has an answer."""
    asks = context.turn.intent in _WHERE and not is_starting(context.events, ValidateComplaintForm.form)
    return [FollowupAction("action_order_status")] if asks and _ASKS.search(context.turn.text) else []


def _items_named(context: Context) -> list[str]:
    """Answers that only named the thing, since the complaint began."""
    said: list[str] = []
    for event in reversed(context.events):
        if event["event"] == "active_loop" and event["name"] == ValidateComplaintForm.form:
            break
        if event["event"] == "user" and (event.get("text") or "") != context.turn.text:
            text = str(event.get("text") or "")
            if names_only_an_item(text, entities_in(event.get("parse_data") or {})):
                said.insert(0, text)
    return said


def _in_words(context: Context) -> str:
    """The message, or the one before it where the button only says what that meant."""
    turn = context.turn
    meant = turn.is_button and said_last(context.events).startswith("utter_clarify")
    return turn.question if meant else turn.text


def _goes_on(context: Context, said: str) -> bool:
    """Whether it is known what it is about: an order just said to be late, or a complaint recorded a moment ago."""
    if said.startswith("/") or len(said.split()) < FEWEST_WORDS_MORE or said.rstrip().endswith("?"):
        return False
    last = said_last(context.events)
    return last.startswith(_LATE) or has_run(context.events, ActionComplaint.action)


def complains_of_the_delay(context: Context) -> bool:
    """Whether an unhappy customer who was just told that the order is late says so too, and asks nothing."""
    turn = context.turn
    return turn.intent == "order_late" and turn.unhappy and not turn.is_button and told_late(context)


def told_late(context: Context) -> bool:
    """Whether the order was just said to be late, and the message tells more than that and asks nothing."""
    told = said_last(context.events).startswith(_LATE) and _goes_on(context, context.turn.text)
    return told and _ASKS.search(context.turn.text) is None


def _topic(context: Context, opening: Mapping[str, Any]) -> str:
    """What it is about: by the message it began with, where that says it, else by the answer."""
    return next((intent for intent in (_intent(opening), context.turn.intent) if intent in INTENTS), "complaint")


def _intent(opening: Mapping[str, Any]) -> str | None:
    return ((opening.get("parse_data") or {}).get("intent") or {}).get("name")


def _whole(opening: Mapping[str, Any], between: Sequence[str], answer: str) -> str:
    """The complaint in the customer's words: "my kettle leaks" and the answer to "what happened?".

    "I want to complain" says nothing of it.
    """
    began = str(opening.get("text") or "").strip()
    tells = _intent(opening) in _TROUBLES or bool(entities_in(opening.get("parse_data") or {}))
    parts = [*([began] if tells else []), *between]
    return "\n".join([*(part for part in parts if part not in answer), answer])


def _order_of_things(context: Context, opening: Mapping[str, Any], topic: str) -> str | None:
    """The only order with the things that were named, in the answer or before; what is broken was delivered."""
    began = str(opening.get("text") or "")
    parsed = entities_in(opening.get("parse_data") or {})
    items = [described_orders(context, text, ()) for text in reversed(_items_named(context))]
    for candidates in (*items, described_orders(context), described_orders(context, began, parsed.get("product", ()))):
        meant = [each.order for each in candidates if each.kind in CERTAIN]
        fitting = [order for order in meant if topic != "damaged_item" or order.status is OrderStatus.DELIVERED]
        if len(fitting) == 1:
            return fitting[0].order_id
    return None


def _order_meant(context: Context, opening: Mapping[str, Any], topic: str) -> str | None:
    """By its number or by what is in it, in the answer or before; else the one talked about.

    What is broken has been delivered: the kettle that is still on its way is not meant.
    """
    began = str(opening.get("text") or "")
    numbered = named_order(context) or normalise_order_id(began)
    if numbered:
        return numbered
    described = _order_of_things(context, opening, topic)
    if described:
        return described
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

"""A parcel that counts as delivered and that the customer does not have: said so, and reported if they wish."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.formats import day
from actions.heard import DOUBTFUL
from actions.order_choice import CERTAIN, described_orders, named_order
from actions.shop_action import Context, ShopAction
from actions.task_words import order_words
from actions.turn import said_last, words_before
from crm_models.complaints import open_complaint
from crm_models.escalations import request_person
from crm_models.identity import Trust
from crm_models.orders import Order, OrderStatus, get_order, list_orders

ACTION = "action_not_received"
ASKED = "utter_not_received_ask"
TOPIC = "not_received"
MOST_ORDERS = 30
_TOLD = ("utter_order_status_delivered", "utter_order_status_none_open")
# "It says delivered", "marked as delivered yesterday", "apparently I signed for it"; not "says it will be delivered".
_CLAIM = (
    r"\b(?:says?|said|saying|shows?|showed|shown|showing|mark(?:s|ed)|lists?|listed|claims?|claimed|states?|stated|"
    r"status|tracking|apparently|supposedly|allegedly|according to)\b"
)
_THERE = r"\b(?:d[ei]l[ei]v[ei]?r+e?d|handed over|dropped off|signed for|left with)\b"
_NOT_YET = r"\b(?:not|never|yet|will|would|should|to be|being|was supposed)\b|n['\u2019]t\b"
_SAYS_DELIVERED = re.compile(
    rf"{_CLAIM}(?:(?!{_NOT_YET})[^.!?]){{0,40}}?{_THERE}"
    rf"|{_THERE}\W+(?:it|they|the \w+|tracking) (?:says?|claims?)"
    rf"|^\W*{_THERE}",
    re.IGNORECASE,
)
_NOT_HERE = re.compile(
    r"\b(?:not|never|nothing|nobody|no ?one|no|none|where|wheres|without|disagrees?|lost|stolen|missing|"
    r"isnt|didnt|havent|dont)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
# After "it was delivered": "but I never got it".
_NEVER_GOT = re.compile(
    r"(?:\b(?:not|never|nobody|nothing|havent|didnt|isnt)\b|n['\u2019]t\b).*"
    r"\b(?:get|got|gotten|receiv\w*|recieved|arrived?|came|come|here|have it|seen|there)\b",
    re.IGNORECASE,
)


def says_delivered(text: str) -> bool:
    """Whether it tells that somebody calls a parcel delivered."""
    return _SAYS_DELIVERED.search(text) is not None


def not_received(context: Context, by_words: bool = False) -> Order | None:
    """The delivered order that the customer does not have; None where the message is about no such thing.

    What is read as "late" is about a delivered order where they name one, were just told of one, say themselves that
    it is called delivered, or have no other. Whatever else was read, or always `by_words`, the words must say it.
    """
    text = context.turn.question
    claimed = says_delivered(text)
    denied = said_last(context.events) in _TOLD and _NEVER_GOT.search(text) is not None
    said = denied or (claimed and _NOT_HERE.search(text) is not None)
    if not said and (by_words or not _is_late(context)):
        return None
    order = _meant(context, claimed)
    return order if order is not None and order.status is OrderStatus.DELIVERED else None


def _is_late(context: Context) -> bool:
    likeliest = next((str(each["name"]) for each in context.turn.intent_set), None)
    return context.turn.intent == "order_late" or (context.turn.intent in DOUBTFUL and likeliest == "order_late")


def _meant(context: Context, claimed: bool) -> Order | None:
    number = named_order(context)
    if number:
        return get_order(context.connection, context.identity, number)
    described = [each.order for each in described_orders(context) if each.kind in CERTAIN]
    if described:
        under_way = [order for order in described if order.is_open]
        return _newest(described) if claimed or not under_way else None
    if context.turn.entity("product"):
        return None  # nothing they bought: no other order takes its place
    if said_last(context.events) in _TOLD and context.slots.get("order_id"):
        return get_order(context.connection, context.identity, context.slots["order_id"])
    orders = list_orders(context.connection, context.identity, limit=MOST_ORDERS)
    if not claimed and any(order.is_open for order in orders):
        return None
    return _newest(orders) if claimed else next(iter(orders), None)


def _newest(orders: Sequence[Order]) -> Order | None:
    """Of those that were delivered, the one that was delivered last."""
    delivered = [order for order in orders if order.status is OrderStatus.DELIVERED and order.delivered_at]
    return max(delivered, key=lambda order: order.delivered_at, default=None)  # type: ignore[arg-type, return-value]


def ask_to_report(context: Context, order: Order) -> list[EventType]:
    """Say what the records say, and ask whether to report it; who says it once more is taken at their word."""
    if said_last(context.events) == ASKED and context.slots.get("order_id") == order.order_id:
        return [FollowupAction(ACTION)]
    context.say("not_received", "ask", **order_words(context, order), delivered=day(order.delivered_at))
    return [SlotSet("order_id", order.order_id)]


class ActionNotReceived(ShopAction):
    """Reports it to the team, in the customer's words."""

    action = ACTION
    needs = Trust.VERIFIED
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """As a complaint of its own topic; a person is asked to look."""
        order_id = str(context.slots.get("order_id"))
        order = get_order(context.connection, context.identity, order_id)
        if order is None:
            context.say("order", "not_found", order_id=order_id)
            return []
        customer_id, now = context.identity.customer_id, context.turn.now
        conversation_id = context.turn.conversation_id
        _, number = open_complaint(
            context.connection,
            customer_id=customer_id,
            conversation_id=conversation_id,
            topic=TOPIC,
            text=words_before(context.events, ASKED),
            now=now,
            order_id=order.order_id,
        )
        request_person(context.connection, conversation_id, customer_id, "complaint", now)
        context.say("not_received", "reported", complaint_id=number, **order_words(context, order))
        return []

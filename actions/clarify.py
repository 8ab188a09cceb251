"""Asking what was meant, when two or three things are likely."""

from __future__ import annotations

import json

from rasa_sdk.events import EventType, FollowupAction

from actions.articles import find_answer
from actions.complaint import tells_what_happened, told_late
from actions.doubt import open_doubt
from actions.heard import asks_who_is_there, means_other_order, wants_person
from actions.not_received import not_received
from actions.order_choice import named_order
from actions.person import speaks_of_deletion
from actions.shop_action import Context, ShopAction
from actions.turn import running_task
from actions.wishes import grant_wish
from actions.words import choice_label
from crm_models.escalations import is_waiting
from crm_models.orders import OrderStatus, list_orders
from knowledge.answer import AnswerStatus

MOST = 3
# At this score or below a customer is upset, -1 to 1.
NEGATIVE = -0.25
# With a price in the message, all of these are answered by what fits it.
ABOUT_PRODUCTS = frozenset({"recommend", "product_question", "product_price", "stock_check"})
_WHEREABOUTS = frozenset({"order_status", "track_package", "order_late"})
_COURTESIES = {"greet": "action_greet", "thanks": "action_thanks", "goodbye": "action_goodbye"}
# What the message said besides its intent goes along with the button.
CARRIED = ("order_id", "email", "product", "category", "reason", "option", "rating")


class ActionClarify(ShopAction):
    """Offers the likely meanings as buttons, in the customer's words."""

    action = "action_clarify"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """An answer instead: to what is likeliest a question that the articles answer, and where no meaning can be
        put on a button.
        """
        if heard := hear_rant(context):
            return heard
        if other := in_so_many_words(context):
            return [FollowupAction(other)]
        if courtesy := _courtesy(context):
            return [FollowupAction(courtesy)]
        if _looks_for_a_product(context) and (granted := grant_wish(context)) is not None:
            return granted
        if _is_answered_question(context):
            return [FollowupAction("action_answer")]
        if _comes_to_the_same(context):
            return [FollowupAction("action_order_status")]
        return ask_what_is_meant(context) or [FollowupAction("action_answer")]


def in_so_many_words(context: Context) -> str | None:
    """What the words say although several meanings are likely."""
    turn = context.turn
    if wants_person(turn):
        return "action_ask_person"
    likeliest = next((str(each["name"]) for each in turn.intent_set), "")
    asks_where = likeliest in _WHEREABOUTS and named_order(context) is not None
    if asks_where or not_received(context, by_words=True) is not None:
        return "action_order_status"
    if asks_who_is_there(turn.text):
        return "action_greet"
    of_deletion = any(each["name"] == "delete_data" for each in turn.intent_set) or speaks_of_deletion(turn.text)
    if of_deletion and is_waiting(context.connection, turn.conversation_id):
        return "action_ask_person"  # "is it deleted now?", after that was passed to one
    if means_other_order(turn) and context.slots.get("order_id") and running_task(context.events) is None:
        return "action_correct_order"
    return None


def _courtesy(context: Context) -> str | None:
    """The reply to a greeting, thanks or goodbye that is likelier than all else: nobody is asked what they meant."""
    likeliest = next(iter(context.turn.intent_set), None)
    if likeliest is None or float(likeliest["confidence"]) <= 0.5:
        return None
    return _COURTESIES.get(str(likeliest["name"]))


def _looks_for_a_product(context: Context) -> bool:
    return any(each["name"] in ABOUT_PRODUCTS for each in context.turn.intent_set)


def _comes_to_the_same(context: Context) -> bool:
    """Whether all that could be meant is answered by the state of an order."""
    names = [str(each["name"]) for each in context.turn.intent_set]
    offered = [name for name in names if choice_label(name)][:MOST]
    return bool(offered) and set(offered) <= _WHEREABOUTS


def _is_answered_question(context: Context) -> bool:
    if context.turn.follows:
        # It was a question before, and leans on it: even a doubtful answer is nearer than other subjects.
        return find_answer(context).status is not AnswerStatus.UNKNOWN
    likeliest = str(context.turn.intent_set[0]["name"]) if context.turn.intent_set else ""
    is_question = likeliest.startswith("ask_") and likeliest != "ask_person"
    return is_question and find_answer(context).status is AnswerStatus.ANSWERED


def hear_rant(context: Context) -> list[EventType]:
    """What an upset customer gets instead of a question where the likeliest is a complaint, abuse or a late order.

    A complaint that tells what happened is taken on, a late order is looked up; where it may be either, the orders
    decide. Without any meaning to go by, it is sorry and a way to a person. Nothing for anybody else.
    """
    turn = context.turn
    likely = [str(each["name"]) for each in turn.intent_set]
    likeliest = likely[0] if likely else ""
    if likeliest in ("complaint", "order_late") and (turn.unhappy or turn.frustrated) and told_late(context):
        return [FollowupAction("complaint_form")]  # it was looked up a moment ago, and they know it
    if likeliest == "complaint" and "order_late" in likely and _has_late_order(context):
        likeliest = "order_late"
    if likeliest not in ("complaint", "insult", "order_late") or not (turn.frustrated or turn.sentiment <= NEGATIVE):
        return []
    if likeliest == "order_late":
        return [FollowupAction("action_order_status")] if turn.intent != "nlu_unsure" else []
    if likeliest == "complaint" and tells_what_happened(turn.text):
        return [FollowupAction("complaint_form")]
    return [FollowupAction("action_insult")] if likeliest == "insult" or turn.intent == "nlu_unsure" else []


def _has_late_order(context: Context) -> bool:
    """Whether the records of a customer who has proved who they are show an order that is overdue."""
    underway = list_orders(context.connection, context.identity, statuses=(OrderStatus.SHIPPED,))
    return any(order.is_late(context.turn.now) for order in underway)


def ask_what_is_meant(context: Context) -> list[EventType]:
    """Ask with the likeliest meanings as buttons and note the gap; nothing where none can be offered."""
    likely = [str(each["name"]) for each in context.turn.intent_set]
    entities = {name: value for name in CARRIED if (value := context.turn.entity(name))}
    details = json.dumps(entities, ensure_ascii=False) if entities else ""
    labelled = [(intent, choice_label(intent)) for intent in likely]
    buttons = [{"title": label, "payload": f"/{intent}{details}"} for intent, label in labelled if label][:MOST]
    if not buttons:
        return []
    context.say("clarify", "several" if len(buttons) > 1 else "one", buttons=buttons)
    return [open_doubt(context, likely, [intent for intent, label in labelled if label][:MOST])]

"""Short messages that only make sense after what was said: "the second one", "yes", "no, the other order"."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.heard import names_person
from actions.not_received import ACTION as REPORT
from actions.not_received import ASKED as ASKED_TO_REPORT
from actions.offer import current_offer
from actions.order_choice import described_order, described_orders, means_all, named_order, order_buttons
from actions.person import PERSON_COMES
from actions.remember import TOLD_AS, answers_memory
from actions.set_aside import go_on
from actions.shop_action import Context, ShopAction, sign_in_first
from actions.sign_in import claim_from_message
from actions.turn import asked_last, asked_which_order, said_last
from actions.wishes import grant_wish, talks_of_products
from crm_models.identity import Trust
from crm_models.memory import Remembered
from crm_models.order_references import ReferenceKind
from crm_models.orders import get_order, list_orders

_STATUS = "action_order_status"
_GREETED_WITH_ORDER = ("utter_greet_open_order", "utter_greet_late_order")


class ActionFollowUp(ShopAction):
    """A bare order number, a choice, a yes or a no, outside a task."""

    action = "action_follow_up"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Goes back to what was asked last; says so when nothing was."""
        if context.turn.intent in ("affirm", "deny"):
            return self._yes_or_no(context)
        if talks_of_products(context) and (further := _of_the_product(context)) is not None:
            return further
        if not context.verified:
            if context.turn.entity("email") or named_order(context):
                return [
                    SlotSet("order_id", named_order(context)),
                    SlotSet("resume", _STATUS),
                    FollowupAction(_STATUS),
                ]
            return self._unclear(context)
        if means_all(context) and context.slots.get("resume") == _STATUS:
            return [FollowupAction(_STATUS)]
        number = named_order(context)
        orders = list_orders(context.connection, context.identity, limit=30, open_first=True)
        chosen = number or (None if self._counts_something_else(context) else described_order(context, orders))
        if chosen is None:
            if context.turn.entity("product") or context.turn.entity("category"):
                return [FollowupAction("action_product")]
            return self._unclear(context)
        return [SlotSet("order_id", chosen), FollowupAction(context.slots.get("resume") or _STATUS)]

    def _yes_or_no(self, context: Context) -> list[EventType]:
        last, kept = said_last(context.events), context.slots.get("set_aside")
        if context.turn.intent == "affirm" and names_person(context.turn):
            return [FollowupAction("action_ask_person")]
        if context.turn.intent == "deny" and last in PERSON_COMES:
            return [FollowupAction("action_back_to_bot")]
        if last == "utter_task_go_on" and kept:
            if context.turn.intent == "affirm":
                return go_on(kept)
            context.say("follow_up", "declined")
            return [SlotSet("set_aside", None)]
        if last == ASKED_TO_REPORT:
            if context.turn.intent == "affirm":
                return [FollowupAction(REPORT)]
            context.say("not_received", "later")
            return []
        if last.startswith("utter_clarify_") and context.turn.intent == "deny":
            context.say("clarify", "neither")
            return []
        if last.startswith(_GREETED_WITH_ORDER) or answers_memory(last):
            return self._about_order(context, last)
        if current_offer(context) is not None:
            yes = context.turn.intent == "affirm"
            return [FollowupAction("action_accept_offer" if yes else "action_decline_offer")]
        if context.turn.intent == "deny":
            context.say("follow_up", "declined")
            return []
        if last and not context.turn.is_button and not asked_last(context.events):
            context.say("follow_up", "noted")
            return []
        return self._unclear(context)

    def _about_order(self, context: Context, last: str) -> list[EventType]:
        """ "Is it about that?" and "has it arrived?": the order is looked up, or all is well."""
        yes = context.turn.intent == "affirm"
        if last.startswith(TOLD_AS + Remembered.REPLACEMENT_WAITING.value):
            yes = not yes  # a no says that it has not arrived
        if yes and context.slots.get("resume"):
            return [FollowupAction(context.slots["resume"])]
        context.say("follow_up", "declined")
        return []

    @staticmethod
    def _counts_something_else(context: Context) -> bool:
        """Whether "the first" is of no orders: none were shown just before."""
        found = described_orders(context)
        counted = bool(found) and found[0].kind is ReferenceKind.POSITION
        return counted and not asked_which_order(context.events)

    def _unclear(self, context: Context) -> list[EventType]:
        again = said_last(context.events).startswith("utter_follow_up_unclear")
        context.say("follow_up", "unclear_again" if again else "unclear")
        return []


def _of_the_product(context: Context) -> list[EventType] | None:
    """ "Under 30", "in red", right after a product was told of: no order is meant."""
    if (granted := grant_wish(context)) is not None:
        return granted
    if context.turn.entity("option") or context.turn.entity("product"):
        return [FollowupAction("action_product")]
    return [FollowupAction("action_recommend")] if context.turn.entity("category") else None


class ActionCorrectOrder(ShopAction):
    """ "No, the other order", outside a task."""

    action = "action_correct_order"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """The one named, the only other one, or a choice of the others."""
        resume = context.slots.get("resume") or _STATUS
        number = named_order(context)
        if not context.verified:
            if context.identity.trust is Trust.CLAIMED and number is None:
                # Which other one there is, only the account says.
                return sign_in_first(context.turn, "action_list_orders")
            claim_from_message(context)
            return [FollowupAction(_STATUS)]
        if number and get_order(context.connection, context.identity, number):
            return [SlotSet("order_id", number), FollowupAction(resume)]
        current = context.slots.get("order_id")
        orders = list_orders(context.connection, context.identity, limit=30, open_first=True)
        others = [order for order in orders if order.order_id != current]
        fitting = [order for order in others if order.is_open] or others
        described = described_order(context, fitting)
        if described or len(fitting) == 1:
            return [SlotSet("order_id", described or fitting[0].order_id), FollowupAction(resume)]
        if not fitting:
            context.say("order", "other_none")
            return []
        intent = resume.removeprefix("action_")
        context.say("ask", "order_id", buttons=order_buttons(fitting, context.currency, intent))
        return [SlotSet("choices", [order.order_id for order in fitting])]

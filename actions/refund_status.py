"""Where a refund is."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import EventType, SlotSet

from actions.formats import day, money
from actions.next_action import add_what_fits
from actions.order_choice import meant_order, order_buttons
from actions.shop_action import Context, ShopAction
from actions.task_words import order_words
from crm_models.identity import Trust
from crm_models.next_action.kinds import Moment, Trouble
from crm_models.orders import Order, get_order, list_orders
from crm_models.refunds import RefundOutcome, RefundResult, refund_status


class ActionRefundStatus(ShopAction):
    """Of the order named, or of the only one that has a refund."""

    action = "action_refund_status"
    needs = Trust.VERIFIED
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Find it, and say when the money comes."""
        orders = list_orders(context.connection, context.identity, limit=30)
        chosen = meant_order(context, orders)
        if chosen is None:
            return self._by_default(context, orders)
        order = get_order(context.connection, context.identity, chosen)
        if order is None:
            context.say("order", "not_found", order_id=chosen)
            return []
        return self._tell(context, order, self._status(context, order))

    def _by_default(self, context: Context, orders: Sequence[Order]) -> list[EventType]:
        """Refunds that are under way come first; a finished one only if there is no other."""
        found = [(order, self._status(context, order)) for order in orders]
        moving = [pair for pair in found if pair[1].outcome not in (RefundOutcome.NO_REFUND, RefundOutcome.DONE)]
        done = [pair for pair in found if pair[1].outcome is RefundOutcome.DONE]
        candidates = moving or done[:1]
        if not candidates:
            context.say("refund_status", "no_refunds")
            return []
        if len(candidates) == 1:
            return self._tell(context, *candidates[0])
        buttons = order_buttons([order for order, _ in candidates], context.currency, "refund_status")
        context.say("ask", "order_id", buttons=buttons)
        return [
            SlotSet("resume", self.action),
            SlotSet("choices", [order.order_id for order, _ in candidates]),
        ]

    def _status(self, context: Context, order: Order) -> RefundResult:
        return refund_status(context.connection, context.identity, order.order_id, context.turn.now)

    def _tell(self, context: Context, order: Order, result: RefundResult) -> list[EventType]:
        cents = result.waiting_cents + result.moving_cents or result.done_cents
        paid = [refund.done_at for refund in order.payments if refund.kind == "refund" and refund.done_at]
        words = order_words(context, order) | {
            "amount": money(cents, context.currency),
            "earliest": day(result.expected_from),
            "latest": day(result.expected_until),
            "date": day(max(paid) if paid else None),
            "days": "{} - {}".format(*result.working_days),
        }
        context.say("refund_status", result.outcome.value, **words)
        trouble = Trouble.SLOW_REFUND if result.outcome is RefundOutcome.OVERDUE else Trouble.NONE
        return [
            SlotSet("order_id", order.order_id),
            SlotSet("resume", self.action),
            *add_what_fits(context, Moment.REFUND_STATUS, trouble=trouble),
        ]

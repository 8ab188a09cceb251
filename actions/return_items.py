"""Sending delivered items back for a refund."""

from __future__ import annotations

from collections.abc import Sequence

from actions.fields import NOT_SAID, ConfirmField, LineField, PaymentField, ReasonField, open_lines
from actions.formats import day, method_name, money
from actions.order_choice import OrderField
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import line_words, order_words
from crm_models.orders import Order, OrderStatus
from crm_models.payments import PaymentMethod, find_method, list_payment_methods
from crm_models.return_rules import WindowOutcome, return_window_ends
from crm_models.returns import return_delivered_items

REASONS = ("no_longer_needed", "does_not_fit", "not_as_described", "damaged", "wrong_item", NOT_SAID)


def refuses(context: Context, order: Order) -> str | None:
    """Why nothing of an order can go back."""
    if order.status is OrderStatus.DELIVERED:
        window = return_window_ends(context.connection, context.identity, order.order_id, context.turn.now)
        if window.outcome is WindowOutcome.CLOSED:
            return "too_late"
        return None if open_lines(order) else "already_requested"
    requested = (OrderStatus.RETURN_REQUESTED, OrderStatus.EXCHANGE_REQUESTED)
    return "already_requested" if order.status in requested else "not_delivered"


def refund_methods(context: Context, order: Order) -> Sequence[PaymentMethod]:
    """Where the refund may go: the way the order was paid, or a gift card of the customer."""
    mine = list_payment_methods(context.connection, str(context.identity.customer_id))
    paid = order.payment_method.payment_method_id if order.payment_method else None
    gift_cards = "gift_card" in context.policy.refund_targets
    return [each for each in mine if each.payment_method_id == paid or (gift_cards and each.is_gift_card)]


class ValidateReturnForm(TaskForm):
    """Which order, which item, why, where the money goes, and a yes."""

    form = "return_form"
    own_intents = frozenset({"return_items"})
    fields = (
        OrderField("return", refuses),
        LineField(),
        ReasonField(lambda _: REASONS),
        PaymentField(refund_methods),
        ConfirmField(),
    )


class ActionReturnItems(TaskAction):
    """Announce it."""

    action = "action_return_items"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        slots = context.slots
        result = return_delivered_items(
            context.connection,
            context.identity,
            order.order_id,
            [int(slots["line_id"])],
            slots["reason"],
            slots["payment_method_id"],
            context.turn.now,
        )
        method = find_method(context.connection, str(context.identity.customer_id), slots["payment_method_id"])
        words = order_words(context, order) | {
            "item": line_words(order, slots["line_id"]),
            "amount": money(result.refund_cents, context.currency),
            "payment": method_name(method, context.currency),
            "deadline": day(result.window_ends),
        }
        context.say("return", result.outcome.value, **words)

"""Paying for a pending order in another way."""

from __future__ import annotations

from collections.abc import Sequence

from actions.fields import ConfirmField, PaymentField
from actions.formats import method_name
from actions.order_choice import OrderField
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import order_words
from crm_models.order_changes import modify_pending_order_payment
from crm_models.orders import Order, OrderStatus
from crm_models.payments import PaymentMethod, find_method, list_payment_methods


def refuses(context: Context, order: Order) -> str | None:
    """Why an order's payment cannot be changed."""
    return None if order.status is OrderStatus.PENDING else "not_pending"


def other_methods(context: Context, order: Order) -> Sequence[PaymentMethod]:
    """The customer's ways of paying, except the order's own."""
    current = order.payment_method.payment_method_id if order.payment_method else None
    mine = list_payment_methods(context.connection, str(context.identity.customer_id))
    return [method for method in mine if method.payment_method_id != current]


class ValidatePaymentForm(TaskForm):
    """Which order, how to pay, and a yes."""

    form = "payment_form"
    own_intents = frozenset({"change_payment"})
    fields = (
        OrderField("payment", refuses),
        PaymentField(other_methods, none="payment_no_other"),
        ConfirmField(),
    )


class ActionChangePayment(TaskAction):
    """Change it."""

    action = "action_change_payment"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        chosen = context.slots["payment_method_id"]
        method = find_method(context.connection, str(context.identity.customer_id), chosen)
        result = modify_pending_order_payment(
            context.connection, context.identity, order.order_id, chosen, context.turn.now
        )
        words = order_words(context, order) | {"payment": method_name(method, context.currency)}
        context.say("payment", result.outcome.value, **words)

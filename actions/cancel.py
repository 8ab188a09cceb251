"""Cancelling a pending order."""

from __future__ import annotations

from actions.fields import ConfirmField, ReasonField
from actions.order_choice import OrderField
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import order_words
from crm_models.order_changes import cancel_pending_order
from crm_models.orders import Order, OrderStatus


def refuses(context: Context, order: Order) -> str | None:
    """Why an order cannot be cancelled."""
    if order.status is OrderStatus.CANCELLED:
        return "already_cancelled"
    if order.status is not OrderStatus.PENDING:
        return "not_pending"
    if order.items_modified and not context.policy.cancel_after_item_change:
        return "items_were_changed"
    return None


class ValidateCancelForm(TaskForm):
    """Which order, why, and a yes."""

    form = "cancel_form"
    own_intents = frozenset({"cancel_order"})
    fields = (
        OrderField("cancel", refuses),
        ReasonField(lambda context: context.policy.cancel_reasons),
        ConfirmField(),
    )


class ActionCancelOrder(TaskAction):
    """Cancel it."""

    action = "action_cancel_order"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        result = cancel_pending_order(
            context.connection, context.identity, order.order_id, context.slots["reason"], context.turn.now
        )
        context.say("cancel", result.outcome.value, **order_words(context, order))

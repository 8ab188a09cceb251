"""Swapping an item of a pending order for another option of the same product."""

from __future__ import annotations

from actions.fields import ConfirmField, LineField, NewItemField
from actions.order_choice import OrderField
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import difference_words, item_words, line_words, order_words
from crm_models.item_changes import modify_pending_order_items
from crm_models.orders import Order, OrderStatus


def refuses(context: Context, order: Order) -> str | None:
    """Why an order's items cannot be swapped."""
    if order.status is not OrderStatus.PENDING:
        return "not_pending"
    return "already_changed" if order.items_modified else None


class ValidateItemsForm(TaskForm):
    """Which order, which item, what instead, and a yes."""

    form = "items_form"
    own_intents = frozenset({"change_items"})
    fields = (OrderField("items", refuses), LineField(), NewItemField("items"), ConfirmField())


class ActionChangeItems(TaskAction):
    """Swap it."""

    action = "action_change_items"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        line_id, item_id = context.slots["line_id"], context.slots["new_item_id"]
        words = order_words(context, order) | {
            "item": line_words(order, line_id),
            "new_item": item_words(context, order, line_id, item_id),
        }
        result = modify_pending_order_items(
            context.connection,
            context.identity,
            order.order_id,
            int(line_id),
            item_id,
            None,
            context.turn.now,
        )
        difference = difference_words(context, order, result.difference_cents)
        context.say("items", result.outcome.value, difference=difference, **words)

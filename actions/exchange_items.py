"""Exchanging a delivered item for another option of the same product."""

from __future__ import annotations

from actions.fields import ConfirmField, LineField, NewItemField
from actions.formats import day
from actions.order_choice import OrderField
from actions.return_items import refuses
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import difference_words, item_words, line_words, order_words
from crm_models.exchanges import exchange_delivered_items
from crm_models.orders import Order


class ValidateExchangeForm(TaskForm):
    """Which order, which item, what instead, and a yes."""

    form = "exchange_form"
    own_intents = frozenset({"exchange_items"})
    fields = (OrderField("exchange", refuses), LineField(), NewItemField("exchange"), ConfirmField())


class ActionExchangeItems(TaskAction):
    """Announce it."""

    action = "action_exchange_items"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        line_id, item_id = context.slots["line_id"], context.slots["new_item_id"]
        words = order_words(context, order) | {
            "item": line_words(order, line_id),
            "new_item": item_words(context, order, line_id, item_id),
        }
        result = exchange_delivered_items(
            context.connection,
            context.identity,
            order.order_id,
            int(line_id),
            item_id,
            None,
            context.turn.now,
        )
        difference = difference_words(context, order, result.to_pay_cents)
        context.say("exchange", result.outcome.value, difference=difference, deadline=day(result.window_ends), **words)

"""The customer's latest orders."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.formats import day
from actions.order_choice import order_buttons
from actions.shop_action import Context, ShopAction
from actions.task_words import order_words
from actions.words import word
from crm_models.identity import Trust
from crm_models.orders import list_orders

MOST = 5


class ActionListOrders(ShopAction):
    """Open ones first, each with what is in it and where it stands."""

    action = "action_list_orders"
    needs = Trust.VERIFIED

    def act(self, context: Context) -> list[EventType]:
        """As a list with buttons."""
        orders = list_orders(context.connection, context.identity, limit=MOST, open_first=True)
        if not orders:
            context.say("order", "none")
            return []
        lines = [word("order_line", date=day(order.placed_at), **order_words(context, order)) for order in orders]
        buttons = order_buttons(orders, context.currency, "order_status")
        context.say("order", "list", orders="\n".join(lines), buttons=buttons)
        return [
            SlotSet("choices", [order.order_id for order in orders]),
            SlotSet("resume", "action_order_status"),
        ]

"""A copy of an invoice, by mail."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.order_choice import meant_order, order_buttons
from actions.shop_action import Context, ShopAction
from crm_models.identity import Trust
from crm_models.invoices import request_invoice_copy
from crm_models.orders import list_orders


class ActionInvoiceCopy(ShopAction):
    """Of the order named, described or talked about; with several, they are offered."""

    action = "action_invoice_copy"
    needs = Trust.VERIFIED
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Queue the mail and say where it goes."""
        orders = list_orders(context.connection, context.identity, limit=5)
        chosen = meant_order(context, orders) or context.slots.get("order_id")
        if chosen is None and len(orders) == 1:
            chosen = orders[0].order_id
        if chosen is None:
            if not orders:
                context.say("order", "none")
                return []
            context.say("ask", "order_id", buttons=order_buttons(orders, context.currency, "invoice_copy"))
            return [SlotSet("resume", self.action), SlotSet("choices", [order.order_id for order in orders])]
        result = request_invoice_copy(context.connection, context.identity, chosen, context.turn.now)
        context.say("invoice_copy", result.outcome.value, order_id=chosen, email=result.recipient)
        return [SlotSet("order_id", chosen), SlotSet("resume", self.action)]

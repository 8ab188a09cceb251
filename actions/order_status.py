"""Where an order is: by its number, by description, or without asking when only one is open."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.complaint import complains_of_the_delay
from actions.formats import day
from actions.next_action import add_what_fits
from actions.not_received import ask_to_report, not_received
from actions.order_choice import described_orders, means_all, meant_order, named_order, order_buttons
from actions.shop_action import Context, ShopAction, sign_in_first
from actions.sign_in import claim_from_message
from actions.task_words import order_words
from actions.turn import is_resumed, said_last
from actions.words import word
from crm_models.identity import Trust
from crm_models.next_action.kinds import Moment, Trouble
from crm_models.order_records import StatusOutcome
from crm_models.orders import Order, OrderStatus, get_order, list_orders, read_status

MOST_ORDERS = 30


def order_fields(context: Context, order: Order) -> dict[str, str]:
    """Fields for the sentences about an order's state."""
    shipment = order.shipments[-1] if order.shipments else None
    return order_words(context, order) | {
        "placed": day(order.placed_at),
        "promised": day(order.promised_on),
        "delivered": day(order.delivered_at),
        "carrier": shipment.carrier if shipment else "",
        "tracking": shipment.tracking_id if shipment else "",
    }


class ActionOrderStatus(ShopAction):
    """Order status, tracking, and "it is late"."""

    action = "action_order_status"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Find the order, say its state, remember what was asked."""
        if not context.verified:
            return self._without_proof(context)
        if complains_of_the_delay(context):
            return [FollowupAction("complaint_form")]
        orders = list_orders(context.connection, context.identity, limit=MOST_ORDERS, open_first=True)
        if means_all(context):
            return self._tell_all(context, orders)
        if not is_resumed(context.events) and (lost := not_received(context)) is not None:
            return ask_to_report(context, lost)
        chosen = meant_order(context, orders) or self._only_open_one(context)
        if chosen is None:
            return self._by_default(context, orders)
        order = get_order(context.connection, context.identity, chosen)
        if order is None:
            context.say("order", "not_found", order_id=chosen)
            return [SlotSet("resume", self.action)]
        return self._tell(context, order)

    @staticmethod
    def _only_open_one(context: Context) -> str | None:
        """Of several orders that are meant ("the kettle", bought before too), the one that is on its way."""
        under_way = [each.order.order_id for each in described_orders(context) if each.order.is_open]
        return under_way[0] if len(under_way) == 1 else None

    def _by_default(self, context: Context, orders: Sequence[Order]) -> list[EventType]:
        """The only open order; several as buttons; none: the latest."""
        open_orders = [order for order in orders if order.is_open]
        if len(open_orders) == 1:
            return self._tell(context, open_orders[0])
        if open_orders:
            buttons = order_buttons(open_orders, context.currency, "order_status")
            context.say("order", "choose", count=len(open_orders), buttons=buttons)
            return [
                SlotSet("resume", self.action),
                SlotSet("choices", [order.order_id for order in open_orders]),
            ]
        if not orders:
            context.say("order", "none")
            return []
        context.say("order_status", "none_open", **order_fields(context, orders[0]))
        return [SlotSet("order_id", orders[0].order_id)]

    def _tell_all(self, context: Context, orders: Sequence[Order]) -> list[EventType]:
        """The state of each that was offered."""
        offered = context.slots.get("choices") or ()
        for order in orders:
            if order.order_id in offered:
                self._say_state(context, order)
        return [SlotSet("resume", self.action)]

    @staticmethod
    def _say_state(context: Context, order: Order) -> bool:
        """Whether it is late; that is said too."""
        late = order.is_late(context.turn.now) and order.status is OrderStatus.SHIPPED
        context.say("order_status", "late" if late else order.status.value, **order_fields(context, order))
        return late

    def _tell(self, context: Context, order: Order) -> list[EventType]:
        late = self._say_state(context, order)
        added = (
            add_what_fits(context, Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY)
            if late
            else add_what_fits(context, Moment.ORDER_STATUS)
        )
        return [SlotSet("order_id", order.order_id), SlotSet("resume", self.action), *added]

    def _without_proof(self, context: Context) -> list[EventType]:
        """Two matching facts open one order's state; anything else needs a sign-in."""
        if context.identity.trust is Trust.ANONYMOUS and claim_from_message(context):
            context = context.identified()
        if context.identity.trust is not Trust.CLAIMED:
            return sign_in_first(context.turn, self.action)
        number = named_order(context) or str(context.identity.claimed_order_id)
        found = read_status(context.connection, context.identity, number)
        if found.outcome is not StatusOutcome.FOUND or found.progress is None:
            return sign_in_first(context.turn, self.action)
        told = said_last(context.events) == "utter_order_status_brief"
        words = {"order_id": number, "status": word(f"status_{found.progress.status.value}")}
        if told and number == context.slots.get("order_id"):
            context.say("order_status", "brief_again", **words)
        else:
            context.say("order_status", "brief", **words)
        return [SlotSet("order_id", number), SlotSet("resume", self.action)]

"""The frame of the actions at the end of a task about an order: done only after a yes, tidied up in any case."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress

from rasa_sdk.events import EventType

from actions.fields import task_order
from actions.next_action import add_what_fits
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_state import TaskEnded
from actions.task_words import cleared
from crm_models.next_action.kinds import Moment, Trouble
from crm_models.orders import Order

# Reasons for a return or a cancellation that are a fault of the shop.
_TROUBLES = {
    "damaged": Trouble.PRODUCT,
    "wrong_item": Trouble.PRODUCT,
    "not_as_described": Trouble.PRODUCT,
    "found_cheaper": Trouble.PRICE,
    "takes_too_long": Trouble.LATE_DELIVERY,
}


class TaskAction(ShopAction):
    """`perform` does it and says the outcome."""

    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Nothing without a yes. No answer at all means that the form ended early and has said why."""
        confirmed = context.slots.get("confirmed")
        added: list[EventType] = []
        if confirmed is False:
            context.say("task", "not_done")
        if confirmed:
            # An order that is gone ends it as well.
            with suppress(TaskEnded):
                self.perform(context, task_order(context, context.slots))
                added = add_what_fits(context, Moment.TASK_DONE, trouble=self.trouble(context))
        offer_to_go_on(context)
        return [*cleared(), *added]

    def trouble(self, context: Context) -> Trouble:
        """What went wrong for the customer to want this, as far as the task asks."""
        return _TROUBLES.get(str(context.slots.get("reason")), Trouble.NONE)

    def done(self, context: Context) -> bool:
        """After a yes."""
        return bool(context.slots.get("confirmed"))

    @abstractmethod
    def perform(self, context: Context, order: Order) -> None:
        """Act on the order and say what became of it."""

"""The frame of the actions at the end of a task about an order: done only after a yes, tidied up in any case."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress

from rasa_sdk.events import EventType

from actions.fields import task_order
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_state import TaskEnded
from actions.task_words import cleared
from crm_models.orders import Order


class TaskAction(ShopAction):
    """`perform` does it and says the outcome."""

    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Nothing without a yes. No answer at all means that the form ended early and has said why."""
        confirmed = context.slots.get("confirmed")
        if confirmed is False:
            context.say("task", "not_done")
        if confirmed:
            # An order that is gone ends it as well.
            with suppress(TaskEnded):
                self.perform(context, task_order(context, context.slots))
        offer_to_go_on(context)
        return cleared()

    def done(self, context: Context) -> bool:
        """After a yes."""
        return bool(context.slots.get("confirmed"))

    @abstractmethod
    def perform(self, context: Context, order: Order) -> None:
        """Act on the order and say what became of it."""

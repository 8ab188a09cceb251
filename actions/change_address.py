"""Sending a pending order to another address."""

from __future__ import annotations

from actions.fields import AddressField, ConfirmField
from actions.order_choice import OrderField
from actions.shop_action import Context
from actions.task_action import TaskAction
from actions.task_form import TaskForm
from actions.task_words import order_words
from crm_models.addresses import Address
from crm_models.order_changes import modify_pending_order_address
from crm_models.orders import Order, OrderStatus


def refuses(context: Context, order: Order) -> str | None:
    """Why an order's address cannot be changed."""
    return None if order.status is OrderStatus.PENDING else "not_pending"


def address_words(parts: dict[str, str | None]) -> str:
    """One line."""
    town = f"{parts.get('postcode') or ''} {parts.get('city') or ''}".strip()
    lines = (parts.get("address1"), parts.get("address2"), town, parts.get("state"), parts.get("country"))
    return ", ".join(line for line in lines if line)


class ValidateAddressForm(TaskForm):
    """Which order, where to, and a yes."""

    form = "address_form"
    own_intents = frozenset({"change_address"})
    fields = (OrderField("address", refuses, names_places=True), AddressField(), ConfirmField())


class ActionChangeAddress(TaskAction):
    """Change it."""

    action = "action_change_address"

    def perform(self, context: Context, order: Order) -> None:
        """Say what became of it."""
        parts = context.slots["address"]
        result = modify_pending_order_address(
            context.connection, context.identity, order.order_id, Address(**parts), context.turn.now
        )
        context.say("address", result.outcome.value, address=address_words(parts), **order_words(context, order))

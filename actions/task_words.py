"""The parts of sentences that several tasks share: the order, its items, its money, its state."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.formats import items_of, line_name, method_name, money, options
from actions.shop_action import Context
from actions.words import word
from crm_models.catalogue import product_card
from crm_models.orders import Order

# What a task leaves behind when it ends. The order stays: it is what the conversation is about.
TASK_SLOTS = (
    "line_id", "new_item_id", "payment_method_id", "reason", "address", "confirmed",
    "complaint_text", "rating", "comment", "misses", "email", "code",
    "profile_field", "new_value", "email_code",
)  # fmt: skip


def cleared(*keep: str) -> list[EventType]:
    """Events that empty the task's slots, except those in `keep`."""
    return [SlotSet(slot, None) for slot in TASK_SLOTS if slot not in keep]


def order_words(context: Context, order: Order) -> dict[str, str]:
    """Fields for sentences about an order."""
    return {
        "order_id": order.order_id,
        "items": items_of(order),
        "total": money(order.total_cents, context.currency),
        "payment": method_name(order.payment_method, context.currency),
        "status": word(f"status_{order.status.value}"),
    }


def line_words(order: Order, line_id: str) -> str:
    """The name of one line."""
    return next((line_name(line) for line in order.lines if str(line.line_id) == line_id), "")


def item_words(context: Context, order: Order, line_id: str, item_id: str) -> str:
    """The name of the item that shall take a line's place."""
    line = next(line for line in order.lines if str(line.line_id) == line_id)
    card = product_card(context.connection, line.product_id)
    item = next((each for each in card.items if each.item_id == item_id), None) if card else None
    return f"{line.product_name} ({options(item.options)})" if item else line.product_name


def difference_words(context: Context, order: Order, cents: int) -> str:
    """What a swap costs or brings; a sentence from the domain."""
    if not cents:
        return word("difference_none")
    payment = method_name(order.payment_method, context.currency)
    kind = "pay" if cents > 0 else "refund"
    return word(f"difference_{kind}", amount=money(abs(cents), context.currency), payment=payment)

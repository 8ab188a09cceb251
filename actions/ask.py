"""The questions of a task that depend on what is there: which order, which item, which option, is that right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.cancel import ValidateCancelForm
from actions.change_address import ValidateAddressForm, address_words
from actions.change_items import ValidateItemsForm
from actions.change_payment import ValidatePaymentForm
from actions.exchange_items import ValidateExchangeForm
from actions.fields import AddressField, LineField, NewItemField, PaymentField, ReasonField, task_order
from actions.formats import line_name, method_name, money
from actions.order_choice import OrderField, described_among, order_buttons
from actions.return_items import ValidateReturnForm
from actions.shop_action import Context, ShopAction
from actions.task_form import TaskForm
from actions.task_words import difference_words, item_words, line_words, order_words
from actions.turn import asked_which_order, is_starting, running_task
from actions.words import has_word, word
from crm_models.exchanges import exchange_options
from crm_models.orders import Order
from crm_models.payments import find_method
from crm_models.returns import quote_return

_FORMS: dict[str, type[TaskForm]] = {
    form.form: form
    for form in (
        ValidateCancelForm,
        ValidateAddressForm,
        ValidateItemsForm,
        ValidatePaymentForm,
        ValidateReturnForm,
        ValidateExchangeForm,
    )
}


def _form(context: Context) -> str:
    """The name of the task that asks."""
    return running_task(context.events) or ""


def _field(context: Context, kind: type) -> Any:
    fields = _FORMS[_form(context)].fields
    return next(each for each in fields if isinstance(each, kind))


def _buttons(pairs: Sequence[tuple[str, str]], entity: str) -> list[dict[str, str]]:
    return [{"title": title, "payload": f'/inform{{"{entity}": "{value}"}}'} for value, title in pairs]


def _countries(context: Context) -> list[dict[str, str]]:
    """Where the shop delivers; the button says the name, as the customer would."""
    names = [word(f"country_{code}") for code in context.policy.ships_to if has_word(f"country_{code}")]
    return [{"title": name, "payload": name} for name in names]


class _Question(ShopAction):
    """Asked in the middle of a task."""

    ends_turn = False


class AskAddress(_Question):
    """The whole address, or what the one just written lacks."""

    action = "action_ask_address"

    def act(self, context: Context) -> list[EventType]:
        """What was written is not asked for again."""
        field = AddressField()
        written = field.without_country(context)
        street, town = field.pieces(context)
        if written is not None:
            context.say(
                "address", "which_country", address=address_words(written.columns()), buttons=_countries(context)
            )
        elif street:
            context.say("address", "which_town", street=street)
        elif town:
            context.say("address", "which_street", town=town)
        else:
            context.say("ask", "address")
        return []


class AskOrder(_Question):
    """Offers the orders the task can have, with what is in them."""

    action = "action_ask_order_id"

    def act(self, context: Context) -> list[EventType]:
        """As buttons; their order is remembered, for "the second one"."""
        field: OrderField = _field(context, OrderField)
        orders = field.candidates(context)
        # "Send back the tea", which is in two of them: the others are not meant.
        orders = described_among(context, orders) or _offered_before(context, orders) or orders
        context.say("ask", "order_id", buttons=order_buttons(orders, context.currency))
        return [SlotSet("choices", [order.order_id for order in orders])]


def _offered_before(context: Context, orders: Sequence[Order]) -> list[Order]:
    """Those offered when the same was asked just before."""
    if is_starting(context.events, _form(context)) or not asked_which_order(context.events):
        return []
    offered = context.slots.get("choices") or ()
    return [order for order in orders if order.order_id in offered and order.order_id != context.slots.get("excluded")]


class AskLine(_Question):
    """Offers the items of the order."""

    action = "action_ask_line_id"

    def act(self, context: Context) -> list[EventType]:
        """As buttons."""
        open_ids = [identifier for identifier, _ in LineField().options(context, context.slots)]
        lines = {str(line.line_id): line for line in task_order(context, context.slots).lines}
        pairs = [(identifier, line_name(lines[identifier])) for identifier in open_ids]
        context.say("ask", "line_id", buttons=_buttons(pairs, "line_id"))
        return []


class AskNewItem(_Question):
    """Offers the other options of the item, with what they cost more or less."""

    action = "action_ask_new_item_id"

    def act(self, context: Context) -> list[EventType]:
        """As buttons."""
        field: NewItemField = _field(context, NewItemField)
        pairs = [
            (each.item_id, f"{each.options_text} ({'+' if each.difference_cents > 0 else ''}"
             f"{money(each.difference_cents, context.currency)})" if each.difference_cents else each.options_text)
            for each in field.choices(context, context.slots)
        ]  # fmt: skip
        context.say("ask", "new_item_id", buttons=_buttons(pairs, "item_id"))
        return []


class AskPayment(_Question):
    """Offers the ways of paying that are allowed; in a return, where the refund may go."""

    action = "action_ask_payment_method_id"

    def act(self, context: Context) -> list[EventType]:
        """As buttons."""
        field: PaymentField = _field(context, PaymentField)
        methods = field.methods(context, context.slots)
        pairs = [(each.payment_method_id, method_name(each, context.currency)) for each in methods]
        refunds = _form(context) == ValidateReturnForm.form
        context.say(
            "ask", "refund_to" if refunds else "payment_method_id", buttons=_buttons(pairs, "payment_method_id")
        )
        return []


class AskReason(_Question):
    """Offers the reasons that the shop accepts."""

    action = "action_ask_reason"

    def act(self, context: Context) -> list[EventType]:
        """As buttons."""
        field: ReasonField = _field(context, ReasonField)
        pairs = [(reason, word(f"reason_{reason}")) for reason in field.reasons(context)]
        order = task_order(context, context.slots)
        words = order_words(context, order)
        if line_id := context.slots.get("line_id"):
            words["items"] = line_words(order, line_id)
        context.say("ask", "reason", buttons=_buttons(pairs, "reason"), **words)
        return []


class AskConfirmed(_Question):
    """Says what is about to happen and asks for a yes."""

    action = "action_ask_confirmed"

    def act(self, context: Context) -> list[EventType]:
        """`utter_confirm_<task>`, with everything the task knows."""
        task = _form(context).removesuffix("_form")
        context.say("confirm", task, **_summary(context, task, context.slots))
        return []


def _summary(context: Context, task: str, slots: Mapping[str, Any]) -> dict[str, str]:
    order = task_order(context, slots)
    words = order_words(context, order)
    line_id, item_id = slots.get("line_id"), slots.get("new_item_id")
    if line_id:
        words["item"] = line_words(order, line_id)
    if line_id and item_id:
        words["new_item"] = item_words(context, order, line_id, item_id)
        options = exchange_options(context.connection, context.identity, int(line_id))
        cents = next((each.difference_cents for each in options if each.item_id == item_id), 0)
        words["difference"] = difference_words(context, order, cents)
    if slots.get("address"):
        words["address"] = address_words(slots["address"])
    if slots.get("payment_method_id"):
        method = find_method(context.connection, str(context.identity.customer_id), slots["payment_method_id"])
        words["payment"] = method_name(method, context.currency)
    if task == "return":
        quote = quote_return(
            context.connection,
            context.identity,
            order.order_id,
            [int(line_id)],
            slots["reason"],
            context.turn.now,
        )
        words["amount"] = money(quote.refund_cents, context.currency)
    return words

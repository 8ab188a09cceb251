"""Which order a customer means: named, described, talked about just now, or the only one it can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actions.formats import day, items_of, order_button
from actions.shop_action import Context
from actions.task_state import TaskEnded
from actions.turn import asked_which_order, is_resumed, said_last
from actions.words import word
from crm_models.order_numbers import normalise_order_id
from crm_models.order_references import OrderCandidate, ReferenceKind, find_order_reference
from crm_models.orders import Order, get_order, list_orders
from crm_models.return_rules import return_window_ends

MOST_BUTTONS = 5
Eligible = Callable[[Context, Order], str | None]
_ALL = re.compile(
    r"(?:(?:oh|i mean|i meant|show me|tell me|about|for|please),? )*"
    r"(?:both|all|each|every one|any|either)(?: (?:of )?(?:them|those|these|orders|two|three))*(?:,? please)?",
    re.IGNORECASE,
)
# What points at one order and no other, so that the task is about it or about none.
CERTAIN = (ReferenceKind.PRODUCT, ReferenceKind.RECENCY, ReferenceKind.NUMBER)


def named_order(context: Context) -> str | None:
    """The order number in the message, or None."""
    return context.turn.entity("order_id") or normalise_order_id(context.turn.text)


def described_orders(
    context: Context, text: str | None = None, products: Sequence[str] | None = None
) -> tuple[OrderCandidate, ...]:
    """All orders of the customer that the words of the message may point at, likeliest first.

    `text` and the `products` in it are those of an earlier message, where one is meant.
    """
    return find_order_reference(
        context.connection,
        context.identity,
        context.turn.text if text is None else text,
        offered=context.slots.get("choices") or (),
        current=context.slots.get("order_id"),
        products=context.turn.entities.get("product", ()) if products is None else products,
        dates=context.turn.entities.get("date", ()) if text is None else (),
    )


def described_order(context: Context, candidates: Sequence[Order]) -> str | None:
    """The one among `candidates` that the words of the message point at ("the kettle", "the second one")."""
    meant = _among(candidates, described_orders(context))
    return meant[0].order_id if len(meant) == 1 else None


def _among(candidates: Sequence[Order], found: Sequence[OrderCandidate]) -> list[Order]:
    possible = {order.order_id for order in candidates}
    return [each.order for each in found if each.order.order_id in possible]


def described_among(context: Context, candidates: Sequence[Order]) -> list[Order]:
    """Those of `candidates` that the words of the message may point at."""
    return [] if context.turn.is_button else _among(candidates, described_orders(context))


def means_all(context: Context) -> bool:
    """Whether the message answers "which order?" with all that were offered."""
    return asked_which_order(context.events) and _ALL.fullmatch(context.turn.text.strip(" .!?")) is not None


def meant_order(context: Context, candidates: Sequence[Order]) -> str | None:
    """The order a question is about: chosen just before in this turn, else named or described."""
    if is_resumed(context.events):
        # The message is used up; after a sign-in it was a code, which looks like an order number.
        return context.slots.get("order_id")
    return named_order(context) or described_order(context, candidates) or _told_of(context)


def _told_of(context: Context) -> str | None:
    """The order of a message that the shop sent unasked, right after it: "where is it then?"."""
    return context.slots.get("order_id") if said_last(context.events).startswith("utter_notice_") else None


def order_buttons(orders: Sequence[Order], currency: str, intent: str = "inform") -> list[dict[str, str]]:
    """A button for each order."""
    return [
        {"title": order_button(order, currency), "payload": f'/{intent}{{"order_id": "{order.order_id}"}}'}
        for order in orders[:MOST_BUTTONS]
    ]


class OrderField:
    """The order a task is about.

    `refuses` says for an order why the task cannot have it (an outcome, for `utter_<topic>_<outcome>`), or
    None where it can. `names_places`: words of such a message that no product is marked by ("to my office") point at
    no order for certain.
    """

    slot = "order_id"

    def __init__(self, topic: str, refuses: Eligible, names_places: bool = False) -> None:
        self.topic = topic
        self.refuses = refuses
        self._names_places = names_places

    def candidates(self, context: Context) -> list[Order]:
        """The customer's orders that the task can have, open ones first."""
        orders = list_orders(context.connection, context.identity, limit=50, open_first=True)
        return [order for order in orders if self.refuses(context, order) is None]

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """A number, or words that point at one of the orders."""
        return bool(named_order(context) or described_order(context, self.candidates(context)))

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """Named by its number, or described. An order that is meant and that the task cannot have ends it."""
        number = named_order(context)
        if number:
            return self._checked(context, number)
        found = described_orders(context)
        candidates = [order for order in self.candidates(context) if order.order_id != known.get("excluded")]
        meant = _among(candidates, found)
        if not meant and found and self._is_certain(context, found[0].kind) and not known.get("excluded"):
            # Another order must not take the place of the one that was named.
            return self._checked(context, found[0].order.order_id)
        return meant[0].order_id if len(meant) == 1 else None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """The one talked about, else the only one possible; none possible ends the task."""
        candidates = self.candidates(context)
        if not candidates:
            meant = [each.order for each in described_orders(context) if each.kind in CERTAIN]
            if meant:
                # Why that one cannot be had says more than that none can.
                self._checked(context, max(meant, key=lambda order: order.placed_at).order_id)
            context.say(self.topic, "none")
            raise TaskEnded
        if named_order(context):
            # A number that is not theirs: no other order takes its place unasked.
            return None
        product = context.turn.entity("product")
        if product and not described_orders(context):
            context.say("order", "not_bought", product=product)
            return None
        rest = [order for order in candidates if order.order_id != known.get("excluded")]
        if not rest:
            # "No, the other one", and no other can be had.
            context.say("order", "no_other", order_id=candidates[0].order_id, items=items_of(candidates[0]))
            raise TaskEnded
        focus = context.slots.get("order_id")
        if not known.get("excluded") and any(order.order_id == focus for order in candidates):
            return str(focus)
        return rest[0].order_id if len(rest) == 1 else None

    def _is_certain(self, context: Context, kind: ReferenceKind) -> bool:
        marked = not self._names_places or kind is not ReferenceKind.PRODUCT or context.turn.entity("product")
        return kind in CERTAIN and bool(marked)

    def _checked(self, context: Context, number: str) -> str | None:
        order = get_order(context.connection, context.identity, number)
        if order is None:
            context.say("order", "not_found", order_id=number)
            return None
        refused = self.refuses(context, order)
        if refused is None:
            return order.order_id
        window = return_window_ends(context.connection, context.identity, order.order_id, context.turn.now)
        context.say(
            self.topic,
            refused,
            order_id=order.order_id,
            status=word(f"status_{order.status.value}"),
            deadline=day(window.ends),
        )
        raise TaskEnded

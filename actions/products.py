"""Questions about products: what it is, whether it is there, what it costs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.articles import find_answer
from actions.formats import money
from actions.order_choice import described_order
from actions.product_words import product_words
from actions.shop_action import Context, ShopAction
from actions.turn import asked_which_order
from actions.wishes import grant_wish
from actions.words import word
from crm_models.catalogue import ProductCard, StockOutcome, find_products, product_card, stock_of
from crm_models.orders import get_order, list_orders
from crm_models.product_search import query_words
from knowledge.answer import AnswerStatus

MOST = 4


class ActionProduct(ShopAction):
    """Product question, stock, price: by the product named, or the one talked about."""

    action = "action_product"

    def act(self, context: Context) -> list[EventType]:
        """Find the product; several as buttons; none: perhaps an article says it."""
        if asked_which_order(context.events) and context.verified:
            # "The kettle", right after "which order do you mean?", is an order.
            choices = list_orders(context.connection, context.identity, limit=30, open_first=True)
            chosen = described_order(context, choices)
            if chosen:
                return [
                    SlotSet("order_id", chosen),
                    FollowupAction(context.slots.get("resume") or "action_order_status"),
                ]
        granted = grant_wish(context)
        if granted is not None:
            return granted
        card, several = meant_product(context)
        if card is not None:
            return self._tell(context, card)
        if several:
            context.say("product", "several", buttons=product_buttons(several, context.turn.intent))
            return []
        answer = find_answer(context)
        if answer.status is AnswerStatus.ANSWERED:
            sources = [
                {"title": each.title, "url": each.url or f"/help/{each.document_id}"} for each in answer.sources[:1]
            ]
            passages = [each.passage_id for each in answer.sources]
            context.say("answer", "answered", answer=answer.text, sources=sources, passages=passages)
            return []
        context.say("product", "none")
        return []

    def _tell(self, context: Context, card: ProductCard) -> list[EventType]:
        words = product_words(context, card)
        # "The red one?", of a product just told of, asks whether there is one.
        if context.turn.intent == "stock_check" or (
            context.turn.intent in ("choose", "inform") and context.turn.entity("option")
        ):
            asked = context.turn.entity("option")
            result = stock_of(context.connection, card.product_id, asked)
            there = [item for item in (*result.items, *result.alternatives) if item.stock > 0]
            names = ", ".join(dict.fromkeys(item.options_text for item in there if item.options_text))
            found = result.outcome in (StockOutcome.IN_STOCK, StockOutcome.LOW_STOCK)
            outcome = "stock_in_stock" if found else "stock_other_option" if there else "stock_sold_out"
            context.say("product", outcome, **words, options=names or word("in_stock"))
        elif context.turn.intent == "product_price":
            prices = ", ".join(
                f"{item.options_text or card.name}: {money(item.price_cents, context.currency)}" for item in card.items
            )
            several = len({item.price_cents for item in card.items}) > 1
            context.say("product", "prices" if several else "price", **words, prices=prices)
        else:
            context.say("product", "card", **words)
        return [SlotSet("topic", card.product_id)]


def meant_product(context: Context) -> tuple[ProductCard | None, tuple[ProductCard, ...]]:
    """The one product that the message names, or that is talked about; else those it may mean."""
    named = context.turn.entity("product")
    category = context.turn.entity("category")
    if not named and not category:
        topic = context.slots.get("topic")
        known = product_card(context.connection, topic) if topic else None
        if known is None:
            known = _only_one_ordered(context)
        if known is not None:
            return known, ()
        if not query_words(context.turn.text):  # "how much is it?", with nothing to go by
            return None, ()
    found = find_products(context.connection, named or context.turn.text, category=category, limit=MOST)
    exact = [card for card in found if named and card.name.lower() == named.lower()]
    if exact or len(found) == 1:
        return (exact or list(found))[0], ()
    return None, found


def _only_one_ordered(context: Context) -> ProductCard | None:
    """What is in the order just talked about, where it is one thing: "how much is it?"."""
    order_id = context.slots.get("order_id") if context.verified else None
    order = get_order(context.connection, context.identity, str(order_id)) if order_id else None
    products = {line.product_id for line in order.lines} if order else set()
    return product_card(context.connection, products.pop()) if len(products) == 1 else None


def product_buttons(cards: Sequence[ProductCard], intent: str, option: str | None = None) -> list[dict[str, str]]:
    """A button for each product, which says `intent` of it, in the option that was named."""
    buttons = []
    for card in cards:
        entities = {"product": card.name, **({"option": option} if option else {})}
        buttons.append({"title": card.name, "payload": f"/{intent}{json.dumps(entities, ensure_ascii=False)}"})
    return buttons

"""Products that fit what the customer looks for at a price."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.context import Context
from actions.formats import money
from actions.product_words import product_words
from actions.turn import said_last
from crm_models.catalogue import ProductCard, product_card
from crm_models.product_wishes import Wish, grant, read_wish

MOST = 3
_OF_PRODUCTS = ("utter_recommend_", "utter_wish_", "utter_product_", "utter_offer_accepted_recommendation")


def grant_wish(context: Context) -> list[EventType] | None:
    """Say what fits; None where the message names no price."""
    wish = _wish(context)
    if wish is None:
        return None
    granted = grant(context.connection, wish, 1 if wish.cheapest else MOST)
    limit = money(wish.most_cents, context.currency) if wish.most_cents is not None else ""
    if not granted.fitting and granted.nearest is None:
        return None
    if not granted.fitting and granted.nearest is not None:
        context.say("wish", "too_dear", limit=limit, **product_words(context, granted.nearest))
        return [SlotSet("topic", granted.nearest.product_id)]
    if len(granted.fitting) == 1:
        (card,) = granted.fitting
        context.say("wish", "cheapest" if wish.cheapest else "one", limit=limit, **product_words(context, card))
        return [SlotSet("topic", card.product_id)]
    context.say("wish", "several", limit=limit, buttons=[_button(context, card) for card in granted.fitting])
    return []


def talks_of_products(context: Context) -> bool:
    """Whether the bot's latest words were about a product."""
    return said_last(context.events).startswith(_OF_PRODUCTS)


def _wish(context: Context) -> Wish | None:
    """With the product just talked about, where the message only says what it may cost."""
    topic = context.slots.get("topic") if talks_of_products(context) else None
    card = product_card(context.connection, topic) if topic else None
    if card is None:
        return read_wish(context.turn.text)
    kind = str(card.attributes.get("type") or card.category)
    price = card.price_range
    return read_wish(context.turn.text, kind, price.lowest_cents if price else None)


def _button(context: Context, card: ProductCard) -> dict[str, str]:
    price = product_words(context, card)["price"]
    return {"title": f"{card.name}: {price}", "payload": f'/product_question{{"product": "{card.name}"}}'}

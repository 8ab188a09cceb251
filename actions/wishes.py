"""Products that fit what the customer looks for at a price."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.context import Context
from actions.formats import money
from actions.product_words import product_words
from crm_models.catalogue import ProductCard
from crm_models.product_wishes import grant, read_wish

MOST = 3


def grant_wish(context: Context) -> list[EventType] | None:
    """Say what fits; None where the message names no price."""
    wish = read_wish(context.turn.text)
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


def _button(context: Context, card: ProductCard) -> dict[str, str]:
    price = product_words(context, card)["price"]
    return {"title": f"{card.name}: {price}", "payload": f'/product_question{{"product": "{card.name}"}}'}

"""Sentences about a product, suggested or asked for."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.context import Context
from actions.formats import money
from actions.words import word
from crm_models.catalogue import ProductCard, product_card
from crm_models.offers import Offer
from crm_models.recommend.model import Suggestion

_NAME_A_PURCHASE = ("because", "happy")


def product_words(context: Context, card: ProductCard) -> dict[str, str]:
    """Fields for sentences about a product."""
    price = card.price_range
    cents = price.lowest_cents if price else 0
    ranged = price is not None and price.highest_cents > price.lowest_cents
    shown = money(cents, context.currency)
    return {
        "name": card.name,
        "category": card.category,
        "description": card.description,
        "price": word("from_price", price=shown) if ranged else shown,
        "stock": word("in_stock" if any(item.stock for item in card.items) else "sold_out"),
    }


def say_product(context: Context, found: Suggestion, outcome: str, offer: Offer | None) -> list[EventType]:
    """Suggest it in the words of `utter_recommend_<outcome>`; as popular where the words need a purchase and none is
    there."""
    card = product_card(context.connection, found.product_id)
    if card is None:
        return []
    bought = product_card(context.connection, found.because_product_id) if found.because_product_id else None
    fields = product_words(context, card) | ({"because": bought.name} if bought else {})
    context.say("recommend", outcome if bought or outcome not in _NAME_A_PURCHASE else "popular", **fields)
    remembered = [SlotSet("offer_id", str(offer.offer_id))] if offer else []
    return [SlotSet("topic", card.product_id), *remembered]

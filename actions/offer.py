"""One offer that fits: to keep a dissatisfied customer at risk, or to suggest something to a happy one."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.experiments import recommender_of
from actions.formats import day, money
from actions.shop_action import Context, ShopAction
from actions.words import word
from crm_models.catalogue import ProductCard, categories, product_card
from crm_models.consents import Purpose, has_consent
from crm_models.identity import Trust
from crm_models.offers import (
    Offer,
    OfferKind,
    RetentionOutcome,
    accept_offer,
    decline_offer,
    open_offer,
    propose_recommendation,
    propose_retention,
)
from crm_models.product_search import closest_category

# Below this the customer is dissatisfied enough for an apology with an offer; above the other, happy.
DISSATISFIED, HAPPY = -0.35, 0.45


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


def offer_if_fitting(context: Context, mood: float | None = None) -> list[EventType]:
    """At the end of an answer: an offer, where mood, risk, consent and policy ask for one; else nothing.

    `mood` is -1 to 1; the sentiment of the message where it is not given.
    """
    if not context.verified or open_offer(context.connection, context.turn.conversation_id):
        return []
    felt = context.turn.sentiment if mood is None else mood
    if felt <= DISSATISFIED or context.turn.frustrated:
        return offer_retention(context)
    return suggest(context, "happy") if felt >= HAPPY and mood is not None else []


def offer_retention(context: Context) -> list[EventType]:
    """A discount within policy for a customer who may leave."""
    result = propose_retention(
        context.connection,
        str(context.identity.customer_id),
        context.turn.conversation_id,
        context.policy,
        context.turn.now,
    )
    if result.outcome is not RetentionOutcome.OFFERED or result.offer is None:
        return []
    offer = result.offer
    context.say("offer", "retention", percent=offer.percent_off, code=offer.code, until=day(offer.expires_at))
    return [SlotSet("offer_id", str(offer.offer_id))]


def suggest(context: Context, tone: str = "personal", category: str | None = None) -> list[EventType]:
    """One product that fits; personal only with the customer's consent."""
    recommender = recommender_of(context.services, context.experiments)
    customer_id = context.identity.customer_id if context.verified else None
    personal = customer_id is not None and has_consent(context.connection, customer_id, Purpose.PERSONALISATION)
    found = (
        recommender.suggest(context.connection, customer_id if personal else None, category=category)
        if recommender is not None
        else None
    )
    card = product_card(context.connection, found.product_id) if found else None
    if recommender is None or found is None or card is None:
        # Only somebody who asked for a suggestion is told that there is none.
        if tone == "personal":
            context.say("recommend", "none")
        return []
    because = product_card(context.connection, found.because_product_id) if found.because_product_id else None
    fields = product_words(context, card) | ({"because": because.name} if because else {})
    outcome = "popular"
    if category:
        outcome = "category"
    elif because:
        outcome = "happy" if tone == "happy" else "because"
    context.say("recommend", outcome, **fields)
    if customer_id is None:
        return [SlotSet("topic", card.product_id)]
    offer = propose_recommendation(
        context.connection,
        customer_id,
        context.turn.conversation_id,
        card.product_id,
        reason=outcome,
        model_version=recommender.version,
        now=context.turn.now,
    )
    return [SlotSet("topic", card.product_id), SlotSet("offer_id", str(offer.offer_id))]


class ActionRecommend(ShopAction):
    """The customer asks for a suggestion."""

    action = "action_recommend"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """From what they bought, with consent; from the kind of thing they name; else what is popular."""
        named = context.turn.entity("category") or context.turn.entity("product")
        return suggest(context, category=named or closest_category(context.turn.text, categories(context.connection)))


class ActionAcceptOffer(ShopAction):
    """ "Yes, tell me more", "thank you"."""

    action = "action_accept_offer"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Note it, and say how it goes on."""
        offer = current_offer(context)
        if offer is not None:
            accept_offer(context.connection, offer.offer_id, context.turn.now)
        product_id = offer.product_id if offer else context.slots.get("topic")
        if offer is not None and offer.kind is OfferKind.RETENTION:
            context.say("offer", "accepted_retention", code=offer.code, until=day(offer.expires_at))
            return [SlotSet("offer_id", None)]
        card = product_card(context.connection, product_id) if product_id else None
        if card is None:
            context.say("offer", "nothing_open")
            return []
        context.say("offer", "accepted_recommendation", **product_words(context, card))
        return [SlotSet("offer_id", None), SlotSet("topic", card.product_id)]


class ActionDeclineOffer(ShopAction):
    """ "No, thanks"."""

    action = "action_decline_offer"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Note it, so that it is not offered again."""
        offer = current_offer(context)
        if offer is not None:
            decline_offer(context.connection, offer.offer_id, context.turn.now)
        context.say("offer", "declined")
        return [SlotSet("offer_id", None)]


def current_offer(context: Context) -> Offer | None:
    """The offer this conversation waits for an answer to, if it was made to this customer."""
    if context.identity.trust < Trust.VERIFIED:
        return None
    offer = open_offer(context.connection, context.turn.conversation_id)
    return offer if offer and offer.customer_id == context.identity.customer_id else None

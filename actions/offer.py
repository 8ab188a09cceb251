"""Offers that the customer asks for, accepts or declines; what is offered unasked is decided in `next_action`."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.experiments import recommender_of
from actions.formats import day
from actions.next_action import ANGRY, bring_in_person, decision_at
from actions.product_words import product_words, say_product
from actions.shop_action import Context, ShopAction
from actions.wishes import grant_wish
from crm_models.catalogue import categories, product_card
from crm_models.identity import Trust
from crm_models.next_action.decide import Decision
from crm_models.next_action.kinds import ActionKind, Moment
from crm_models.offers import (
    Offer,
    OfferKind,
    accept_offer,
    decline_offer,
    open_offer,
    propose_recommendation,
    recommendation_reason,
)
from crm_models.personal_fields import PersonalField, may_use
from crm_models.product_search import closest_category


def suggest(context: Context, category: str | None = None) -> list[EventType]:
    """One product that fits, for a customer who asks; personal only with their consent."""
    recommender = recommender_of(context.services, context.experiments)
    customer_id = context.identity.customer_id if context.verified else None
    personal = customer_id is not None and may_use(context.connection, customer_id, PersonalField.PURCHASES)
    found = (
        recommender.suggest(context.connection, customer_id if personal else None, category=category)
        if recommender is not None
        else None
    )
    if recommender is None or found is None:
        context.say("recommend", "none")
        return []
    outcome = "category" if category else "because" if found.because_product_id else "popular"
    offer = None
    if customer_id is not None:
        offer = propose_recommendation(
            context.connection,
            customer_id,
            context.turn.conversation_id,
            found.product_id,
            reason=recommendation_reason(outcome, found.because_product_id),
            model_version=recommender.version,
            now=context.turn.now,
        )
    return say_product(context, found, outcome, offer)


class ActionRecommend(ShopAction):
    """The customer asks for a suggestion."""

    action = "action_recommend"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """What fits their price; what fits what they bought, with consent; of the kind they name; else popular."""
        granted = grant_wish(context)
        if granted is not None:
            return granted
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
            now = context.turn.now
            accepted = accept_offer(context.connection, offer.offer_id, now)
            if not accepted and offer.expires_at is not None and offer.expires_at <= now:
                context.say("offer", "expired", until=day(offer.expires_at))
                return [SlotSet("offer_id", None)]
            if offer.kind is not OfferKind.RECOMMENDATION:
                _say_kept(context, offer)
                return [SlotSet("offer_id", None)]
        product_id = offer.product_id if offer else context.slots.get("topic")
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
        """Note it, so that it is not offered again. Whoever was to be won back with it gets a person instead."""
        offer = current_offer(context)
        if offer is not None:
            decline_offer(context.connection, offer.offer_id, context.turn.now)
        to_make_good = offer is not None and offer.kind in (OfferKind.RETENTION, OfferKind.APOLOGY)
        decision = decision_at(context, Moment.OFFER_DECLINED, mood=ANGRY) if to_make_good else Decision()
        if decision.action is ActionKind.HAND_OVER and bring_in_person(context, Moment.OFFER_DECLINED):
            context.say("offer", "declined_person")
        else:
            context.say("offer", "declined")
        return [SlotSet("offer_id", None)]


def _say_kept(context: Context, offer: Offer) -> None:
    """What becomes of it now."""
    until = day(offer.expires_at)
    if offer.kind is OfferKind.RETENTION:
        context.say("offer", "accepted_retention", code=offer.code, until=until)
    elif offer.kind is OfferKind.APOLOGY:
        context.say("offer", "accepted_apology", code=offer.code, until=until)
    else:
        context.say("offer", "accepted_perk", points=offer.points)


def current_offer(context: Context) -> Offer | None:
    """The offer this conversation waits for an answer to, if it was made to this customer."""
    if context.identity.trust < Trust.VERIFIED:
        return None
    offer = open_offer(context.connection, context.turn.conversation_id)
    return offer if offer and offer.customer_id == context.identity.customer_id else None

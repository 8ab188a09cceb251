"""Which actions the shop's rules allow in a situation; values are looked at only afterwards."""

from __future__ import annotations

from datetime import timedelta

from crm_models.consents import Purpose
from crm_models.next_action.kinds import OFFERS, ActionKind, Moment, Refusal
from crm_models.next_action.policy import ActionTerms, OfferPolicy, RecommendationTerms
from crm_models.next_action.situation import UPLIFT, Score, Situation
from crm_models.personal_fields import PersonalField

SLEEPING_DOG = "sleeping_dog"  # a label of the uplift model
GIFTS = OFFERS - {ActionKind.RECOMMENDATION}


def refusal_of(kind: ActionKind, situation: Situation, policy: OfferPolicy) -> Refusal | None:
    """The first rule that forbids an action, or None.

    An open complaint comes first, whatever else there is to say; then what does not fit at all, then what is forbidden.
    """
    terms = policy.terms(kind)
    if terms.on and kind in OFFERS and policy.rules.no_offers_while_complaint_open and situation.open_complaint:
        return Refusal.COMPLAINT_OPEN
    return (
        _does_not_fit(terms, situation, policy)
        or _not_permitted(kind, terms, situation, policy)
        or _history_forbids(kind, terms, situation, policy)
        or _nothing_to_give(kind, terms, situation)
    )


def fresh_score(model: str, situation: Situation, policy: OfferPolicy) -> Score | None:
    """A score that may be used; None where it is missing or stale."""
    score = situation.scores.get(model)
    if score is None or policy.scores.is_stale(model, score.scored_at, situation.now):
        return None
    return score


def _does_not_fit(terms: ActionTerms, situation: Situation, policy: OfferPolicy) -> Refusal | None:
    if not terms.on:
        return Refusal.SWITCHED_OFF
    if situation.moment not in terms.moments:
        return Refusal.NOT_AT_THIS_MOMENT
    if policy.moods.of(situation.mood) not in terms.moods:
        return Refusal.MOOD_DOES_NOT_FIT
    fits = situation.trouble in terms.troubles or situation.moment in terms.always_at
    return None if fits else Refusal.DOES_NOT_FIT_TROUBLE


def may_come(moment: Moment, mood: float, policy: OfferPolicy) -> bool:
    """Whether the policy has any action for a moment and a mood: otherwise there is nothing to decide."""
    kinds = (policy.terms(kind) for kind in ActionKind if kind is not ActionKind.ANSWER_ONLY)
    return any(terms.on and moment in terms.moments and policy.moods.of(mood) in terms.moods for terms in kinds)


def _not_permitted(kind: ActionKind, terms: ActionTerms, situation: Situation, policy: OfferPolicy) -> Refusal | None:
    if kind in OFFERS and not situation.verified:
        return Refusal.NOT_VERIFIED
    if kind is ActionKind.HAND_OVER and situation.person_asked:
        return Refusal.PERSON_ASKED
    if kind in OFFERS and situation.holdout:
        return Refusal.HOLDOUT
    if terms.consent != "none" and terms.consent not in situation.consents:
        return Refusal.NO_CONSENT
    if terms.consent == Purpose.PERSONALISATION.value and _field_behind(kind).value in situation.forbidden:
        return Refusal.NO_CONSENT
    for model, labels in terms.labels.items():
        if model not in situation.scores:
            return Refusal.SCORE_MISSING
        score = fresh_score(model, situation, policy)
        if score is None:
            return Refusal.SCORE_STALE
        if score.label not in labels:
            return Refusal.LABEL_DOES_NOT_FIT
    if kind in OFFERS and policy.rules.none_to_sleeping_dogs and _is_sleeping_dog(situation, policy):
        return Refusal.SLEEPING_DOG
    return None


def _field_behind(kind: ActionKind) -> PersonalField:
    """What of the customer chooses such an action."""
    return PersonalField.PURCHASES if kind is ActionKind.RECOMMENDATION else PersonalField.INTERESTS


def _is_sleeping_dog(situation: Situation, policy: OfferPolicy) -> bool:
    score = fresh_score(UPLIFT, situation, policy)
    if score is None:
        return False
    chance = score.details.get("chance_negative")
    return score.label == SLEEPING_DOG if chance is None else chance >= policy.rules.sleeping_dog_from


def _history_forbids(kind: ActionKind, terms: ActionTerms, situation: Situation, policy: OfferPolicy) -> Refusal | None:
    if kind in OFFERS:
        here = sum(
            past.action in OFFERS and past.conversation_id == situation.conversation_id
            for past in situation.history
            if past.conversation_id is not None
        )
        if here >= policy.rules.offers_per_conversation:
            return Refusal.OFFER_IN_CONVERSATION
    apart = timedelta(days=policy.rules.days_between_gifts)
    for past in situation.history:
        if kind in GIFTS and past.action in GIFTS and past.action is not kind and situation.now < past.at + apart:
            return Refusal.OTHER_GIFT
        if past.action is not kind:
            continue
        if past.status != "declined" and past.expires_at is not None and situation.now < past.expires_at:
            return Refusal.OFFER_STILL_OPEN
        if situation.now < past.at + timedelta(days=terms.cooling_off_days):
            return Refusal.COOLING_OFF
    return None


def _nothing_to_give(kind: ActionKind, terms: ActionTerms, situation: Situation) -> Refusal | None:
    if kind in GIFTS and situation.tier_percent <= 0:
        return Refusal.TIER_GETS_NONE
    if isinstance(terms, RecommendationTerms):
        if situation.candidate is None:
            return Refusal.NOTHING_TO_RECOMMEND
        if situation.candidate.stock < terms.least_stock:
            return Refusal.OUT_OF_STOCK
    return None

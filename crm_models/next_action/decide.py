"""Deciding in a conversation: the situation is read, the choice made, the offer kept and the decision logged.

All of it in the transaction of the caller, so that two conversations of one customer get one offer, and no budget is
exceeded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from crm_models.catalogue import product_card
from crm_models.consents import Purpose
from crm_models.next_action.choice import MISSING, Choice, Random, choose, may_cost
from crm_models.next_action.curve import ResponseCurve
from crm_models.next_action.decision_log import lock_budget, record_decision, record_failure
from crm_models.next_action.giving import RECOMMENDATION, keep_offer
from crm_models.next_action.kinds import ActionKind, Moment, Mood, Refusal, Trouble
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.reading import (
    read_budget_left,
    read_history,
    read_person,
    read_scores,
    read_usual_order,
)
from crm_models.next_action.rules import may_come, refusal_of
from crm_models.next_action.situation import UPLIFT, Candidate, Situation
from crm_models.next_action.sizing import size_discount
from crm_models.next_action.trouble import trouble_of
from crm_models.offers import Offer
from crm_models.personal_fields import forbidden_fields
from crm_models.recommend.model import Recommender, Suggestion
from crm_models.shop_policy import ShopPolicy

_log = logging.getLogger(__name__)
# What the log says of a model that could not be asked, and of one that tells another effect than that on orders.
FAILED, ABOUT_VISITS = "failed", "about_visits"


@dataclass(frozen=True)
class Asking:
    """Where something might be added: what the conversation knows of it."""

    customer_id: str  # verified
    conversation_id: str
    moment: Moment
    now: datetime
    mood: float  # -1 to 1
    trouble: Trouble = Trouble.NONE  # that the conversation is about
    text: str = ""  # what the customer said
    holdout: bool = False  # one of those that get no offers, see `crm_models.experiments`


@dataclass(frozen=True)
class Means:
    """What decisions are made with."""

    policy: OfferPolicy
    terms: Callable[[], ShopPolicy]  # asked only where something could be added
    rng: Random
    recommender: Callable[[], Recommender | None] = lambda: None  # the same
    curve: Callable[[], ResponseCurve | None] = lambda: None  # the same


@dataclass(frozen=True)
class Decision:
    """What is to be added. Nothing is logged, and `decision_id` is None, where nothing could have been added."""

    action: ActionKind = ActionKind.ANSWER_ONLY
    decision_id: int | None = None
    choice: Choice | None = None
    offer: Offer | None = None
    suggestion: Suggestion | None = None  # of a recommendation
    trouble: Trouble = Trouble.NONE


def decide(connection: Connection, asking: Asking, means: Means) -> Decision:
    """Decide what is added to an answer.

    Whatever fails, the answer stands: nothing is added then, and the log says `unavailable`.
    """
    if not may_come(asking.moment, asking.mood, means.policy):
        return Decision()
    try:
        with connection.begin_nested():
            return _decide(connection, asking, means)
    except Exception:  # an answer without an offer is right, no answer is not
        _log.exception("No decision for %s at %s", asking.customer_id, asking.moment)
    number = record_failure(
        connection,
        customer_id=asking.customer_id,
        conversation_id=asking.conversation_id,
        moment=asking.moment,
        policy_version=means.policy.version,
        now=asking.now,
    )
    return Decision(decision_id=number)


@dataclass
class _Found:
    """What was looked up for a recommendation."""

    suggestion: Suggestion | None = None
    models: Mapping[str, str] = field(default_factory=dict)


def _decide(connection: Connection, asking: Asking, means: Means) -> Decision:
    situation = _situation(connection, asking, means)
    if situation is None:
        return Decision()
    found = _Found()
    if refusal_of(ActionKind.RECOMMENDATION, situation, means.policy) is Refusal.NOTHING_TO_RECOMMEND:
        situation, found = _with_candidate(connection, situation, means)
    kinds = (kind for kind in ActionKind if kind is not ActionKind.ANSWER_ONLY)
    if any(refusal_of(kind, situation, means.policy) is None for kind in kinds):
        situation = _with_order(connection, situation, means)
        if may_cost(situation, means.policy):
            lock_budget(connection)
            left = read_budget_left(connection, means.policy, asking.now)
            situation = replace(situation, budget_left_cents=left)
    choice = choose(situation, means.policy, means.rng)
    offer = keep_offer(connection, choice, situation, means.policy, found.suggestion, found.models)
    number = record_decision(
        connection,
        choice,
        situation,
        policy_version=means.policy.version,
        model_versions={**choice.models, **found.models},
        offer_id=None if offer is None else offer.offer_id,
    )
    return Decision(choice.action, number, choice, offer, found.suggestion, situation.trouble)


def _situation(connection: Connection, asking: Asking, means: Means) -> Situation | None:
    """Without what only money needs; None for a customer who is not there."""
    person = read_person(connection, asking.customer_id, asking.conversation_id)
    if person is None:
        return None
    unhappy = means.policy.moods.of(asking.mood) is Mood.UNHAPPY
    terms, trouble = means.terms(), asking.trouble
    if unhappy:
        trouble = trouble_of(connection, asking.customer_id, asking.text, asking.now, asking.trouble)
    unusable = {UPLIFT: ABOUT_VISITS} if person.campaigns_about_visits else {}
    models = [model for model in means.policy.models if model not in unusable]
    return Situation(
        customer_id=asking.customer_id,
        moment=asking.moment,
        now=asking.now,
        conversation_id=asking.conversation_id,
        mood=asking.mood,
        trouble=trouble,
        consents=frozenset(purpose.value for purpose in Purpose if person._mapping[purpose.value]),
        forbidden=frozenset(field.value for field in forbidden_fields(connection, asking.customer_id)),
        holdout=asking.holdout,
        open_complaint=person.open_complaints > 0,
        person_asked=person.persons_asked > 0,
        tier=person.tier,
        tier_percent=terms.terms(person.tier).retention_percent,
        scores=read_scores(connection, asking.customer_id, models),
        unusable=unusable,
        point_cents=100 / terms.points_for_one_unit,
        history=read_history(connection, asking.customer_id),
    )


def _with_order(connection: Connection, situation: Situation, means: Means) -> Situation:
    """With what the customer usually orders, and the discount of that product line where it is sized."""
    order_cents, line = read_usual_order(connection, situation.customer_id)
    situation = replace(situation, order_cents=order_cents, line=line)
    if line not in means.policy.sizing.lines or refusal_of(ActionKind.RETENTION_OFFER, situation, means.policy):
        return situation
    curve = means.curve()
    if curve is None:
        return situation
    return replace(situation, sized=size_discount(connection, situation, means.policy, curve, means.rng))


def _with_candidate(connection: Connection, situation: Situation, means: Means) -> tuple[Situation, _Found]:
    """With the product that fits best; a model that is missing or fails recommends nothing, and the log says so."""
    try:
        recommender = means.recommender()
        if recommender is None:
            return situation, _Found(models={RECOMMENDATION: MISSING})
        with connection.begin_nested():
            suggestion = recommender.suggest(connection, situation.customer_id)
    except Exception:  # the other actions are still to be decided
        _log.exception("The recommendation model failed")
        return situation, _Found(models={RECOMMENDATION: FAILED})
    models = {RECOMMENDATION: recommender.version}
    card = None if suggestion is None else product_card(connection, suggestion.product_id)
    if card is None or card.price_range is None:
        return situation, _Found(models=models)
    stock = sum(item.stock for item in card.items)
    candidate = Candidate(card.product_id, card.price_range.lowest_cents, stock=stock, line=card.category)
    return replace(situation, candidate=candidate), _Found(suggestion, models)

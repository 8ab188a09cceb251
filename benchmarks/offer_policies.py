"""The policies that the offer benchmark compares: ours, what shops do without it, and one that knows the truth."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.offer_population import NOW
from benchmarks.offer_runs import Act
from benchmarks.offer_world import (
    ANSWER,
    APOLOGY,
    HORIZON_DAYS,
    PERK,
    PERSON,
    RECOMMENDATION,
    RETENTION,
    WINDOW_DAYS,
    Contact,
    Nature,
    World,
    order_chance,
    respond,
)
from crm_models.churn.labels import AT_RISK, CHURN
from crm_models.next_action.choice import choose
from crm_models.next_action.kinds import ActionKind, Moment, Mood, Trouble
from crm_models.next_action.policy import CreditTerms, OfferPolicy, PerkTerms
from crm_models.next_action.redemption import chance_of_use, over_days
from crm_models.next_action.situation import Situation

_OFFERS = ("recommendation", "retention_offer", "apology_credit", "loyalty_perk")
_ASSUMED_USE = 0.08  # chance of an order that the discount brings, of those who would not have ordered


class Ours:
    """`choose` with a policy; the budgets of the single actions are kept here, that of all by the season."""

    def __init__(self, policy: OfferPolicy, seed: int) -> None:
        self._policy, self._random = policy, random.Random(seed)
        self._day: Any = None
        self._spent: dict[ActionKind, float] = {}

    def __call__(self, situation: Situation, nature: Nature, contact: Contact) -> Act:
        if situation.now.date() != self._day:
            self._day, self._spent = situation.now.date(), {}
        chosen = choose(_within(situation, self._left(situation)), self._policy, self._random)
        self._spent[chosen.action] = self._spent.get(chosen.action, 0.0) + chosen.cost_cents
        if chosen.action is ActionKind.ANSWER_ONLY:
            return Act()
        terms = self._policy.terms(chosen.action)
        return Act(
            chosen.action.value,
            percent=chosen.percent_off or 0,
            cents=float(terms.credit_cents) if isinstance(terms, CreditTerms) else 0.0,
            points_cents=terms.points * situation.point_cents if isinstance(terms, PerkTerms) else 0.0,
            expected_cost=chosen.cost_cents,
            valid_days=getattr(terms, "valid_days", 0),
        )

    def _left(self, situation: Situation) -> Mapping[ActionKind, float]:
        left = dict(situation.budget_left_cents)
        for kind in left:
            limit = None if kind is ActionKind.ANSWER_ONLY else self._policy.terms(kind).day_cents
            if limit is not None:
                left[kind] = min(left[kind], limit - self._spent.get(kind, 0.0))
        return left


def nothing(situation: Situation, nature: Nature, contact: Contact) -> Act:
    """No offers: the question is answered and nothing is added."""
    return Act()


class Everybody:
    """The discount of the tier to whoever writes, unless the last one still holds or the budget is spent."""

    def __init__(self, policy: OfferPolicy) -> None:
        """`policy` for its way of counting what is used, see `crm_models.next_action.redemption`."""
        self._policy = policy

    def __call__(self, situation: Situation, nature: Nature, contact: Contact) -> Act:
        use = chance_of_use(situation, self._policy, _ASSUMED_USE, Act.valid_days)
        cost = use * situation.tier_percent / 100 * (situation.order_cents or 0.0)
        if _still_holds(situation) or cost > situation.budget_left_cents[ActionKind.RETENTION_OFFER]:
            return Act()
        return Act(RETENTION, percent=situation.tier_percent, expected_cost=cost)


class ByChurnAlone(Everybody):
    """The same to those whom the churn model calls at risk, and nobody else."""

    def __call__(self, situation: Situation, nature: Nature, contact: Contact) -> Act:
        score = situation.scores.get(CHURN)
        if score is None or score.label != AT_RISK:
            return Act()
        return super().__call__(situation, nature, contact)


class Oracle:
    """Knows how everybody reacts and takes what brings most; a ceiling for any policy that looks no further ahead."""

    def __init__(self, world: World, policy: OfferPolicy) -> None:
        self._world, self._terms = world, policy.actions

    def __call__(self, situation: Situation, nature: Nature, contact: Contact) -> Act:
        base = respond(self._world, nature, contact, ANSWER, 0)
        best, most = Act(), 0.0
        for action in (RECOMMENDATION, RETENTION, APOLOGY, PERK, PERSON):
            if action not in (RECOMMENDATION, PERSON) and _still_holds(situation):
                continue
            if action == RECOMMENDATION and situation.candidate is None:
                continue
            act = self._given(action, situation)
            found = respond(self._world, nature, contact, action, act.percent)
            used = max(found.lift, 0.0) + found.taken_anyway * over_days(
                order_chance(nature), WINDOW_DAYS, act.valid_days
            )
            cost = min(used, 1.0) * (act.percent / 100 * nature.basket_cents + act.cents) + act.points_cents
            cost += self._world.person_cents if action == PERSON else 0.0
            margin = self._world.gross_margin * nature.basket_cents
            year = margin * nature.rate * nature.pace * (1 - situation_day(situation) / HORIZON_DAYS)
            value = found.lift * margin + (base.leaves - found.leaves) * year - cost
            if value > most and cost <= situation.budget_left_cents[ActionKind(action)]:
                best, most = replace(act, expected_cost=cost), value
        return best

    def _given(self, action: str, situation: Situation) -> Act:
        credit, perk = self._terms.apology_credit, self._terms.loyalty_perk
        if action == RETENTION:
            return Act(action, percent=situation.tier_percent)
        if action == APOLOGY:
            return Act(action, cents=float(credit.credit_cents), valid_days=credit.valid_days)
        if action == PERK:
            return Act(action, points_cents=perk.points * situation.point_cents, valid_days=perk.valid_days)
        return Act(action)


def relaxed(policy: OfferPolicy) -> dict[str, OfferPolicy]:
    """The policy without one rule each, and without all of them: what the rules cost, or save."""
    every: dict[str, Any] = {"moments": [each.value for each in Moment], "moods": [each.value for each in Mood]}
    fitting = {
        name: {**every, "troubles": {each.value: _factor(policy, name, each) for each in Trouble}} for name in _OFFERS
    }
    changes: dict[str, dict[str, Any]] = {
        "no offers while a complaint is open": {"rules": {"no_offers_while_complaint_open": False}},
        "none to sleeping dogs": {"rules": {"none_to_sleeping_dogs": False}},
        "cooling-off, days between gifts": {
            "rules": {"days_between_gifts": 0},
            "actions": {name: {"cooling_off_days": 0} for name in _OFFERS},
        },
        "consent": {"actions": {name: {"consent": "none"} for name in _OFFERS}},
        "moments, moods and troubles that fit": {"actions": fitting},
        "labels that fit": {"actions": {name: {"labels": {}} for name in _OFFERS}},
        "a share explored": {"exploration": {"share": 0.0}},
    }
    every_change: dict[str, Any] = {}
    for change in changes.values():
        every_change = _merged(every_change, change)
    changes["all of these"] = every_change
    return {name: changed(policy, change) for name, change in changes.items()}


def discounts_alone(policy: OfferPolicy) -> OfferPolicy:
    """The policy with no other means than its peers have."""
    others = [kind.value for kind in ActionKind if kind.value not in (ANSWER, RETENTION)]
    return changed(policy, {"actions": {name: {"on": False} for name in others}})


def _factor(policy: OfferPolicy, name: str, trouble: Trouble) -> float:
    return policy.terms(ActionKind(name)).troubles.get(trouble, 1.0)


def changed(policy: OfferPolicy, change: Mapping[str, Any]) -> OfferPolicy:
    """A policy with other terms; mappings are merged, an empty one replaces."""
    return OfferPolicy.model_validate(_merged(policy.model_dump(mode="json", by_alias=True), change))


def _merged(terms: Any, change: Any) -> Any:
    if not isinstance(change, Mapping):
        return change
    if not change:
        return {}
    return {**terms, **{name: _merged(terms.get(name, {}), value) for name, value in change.items()}}


def situation_day(situation: Situation) -> float:
    return (situation.now - NOW).total_seconds() / 86_400


def _within(situation: Situation, left: Mapping[ActionKind, float]) -> Situation:
    return replace(situation, budget_left_cents=left)


def _still_holds(situation: Situation) -> bool:
    return any(past.expires_at is not None and situation.now < past.expires_at for past in situation.history)

"""What an action is expected to bring.

    value = uplift x (margin x order value + stake) - cost

Uplift is by how much the action raises the chance of the next order; the stake is the part of the customer's margin of
a year that is saved by it: lifetime value x margin x chance of leaving x a share that the policy sets. What comes off
the next order costs by whoever uses it while it holds, also customers who would have ordered anyway, see
`crm_models.next_action.redemption`. So with uplift u, chance of use c, order v, margin m and discount d the value is
the expected profit with the offer less that without it, u m v - c d v, plus u x stake. Points are kept by accepting
them, so they cost in full.

The uplift is the mean of a normal distribution: what the shop assumes, give or take its doubt, updated by what the
model says of the customer with its standard error (Gelman et al., Bayesian Data Analysis, 3rd edition, equation 2.12).
A model that learned from few customers, whose intervals are wide, hardly moves it.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy import CreditTerms, Effect, OfferPolicy, PerkTerms, RetentionTerms
from crm_models.next_action.redemption import chance_of_use
from crm_models.next_action.rules import fresh_score
from crm_models.next_action.situation import CHURN, VALUE, Score, Situation

_QUANTILE = 1.6449  # low and high of the uplift model hold 90 % of a normal distribution


@dataclass(frozen=True)
class Worth:
    """The parts of the expected value; money in cents, rounded nowhere."""

    uplift: float
    margin_cents: float  # of the order that it may bring
    stake_cents: float
    cost_cents: float
    assumed: bool = False  # the uplift is the policy's, no model's
    percent_off: int | None = None

    @property
    def value_cents(self) -> float:
        return self.uplift * (self.margin_cents + self.stake_cents) - self.cost_cents


def worth_of(kind: ActionKind, situation: Situation, policy: OfferPolicy) -> Worth:
    """The expected value of an action that the rules allow."""
    if kind is ActionKind.RECOMMENDATION:
        return _recommendation(situation, policy)
    terms = policy.terms(kind)
    uplift, assumed = _uplift(kind, situation, policy)
    order_cents = policy.economy.order_cents if situation.order_cents is None else situation.order_cents
    percent = percent_for(situation, policy) if kind is ActionKind.RETENTION_OFFER else None
    given_cents = 0.0  # to expect
    if isinstance(terms, RetentionTerms) and percent is not None:
        given_cents = chance_of_use(situation, policy, uplift, terms.valid_days) * order_cents * percent / 100
    elif isinstance(terms, CreditTerms):
        given_cents = chance_of_use(situation, policy, uplift, terms.valid_days) * terms.credit_cents
    elif isinstance(terms, PerkTerms):
        given_cents = terms.points * situation.point_cents
    return Worth(
        uplift=uplift,
        margin_cents=_margin(situation, policy) * order_cents,
        stake_cents=terms.stake * _at_stake(situation, policy),
        cost_cents=terms.cost_cents + given_cents,
        assumed=assumed,
        percent_off=percent,
    )


def percent_for(situation: Situation, policy: OfferPolicy) -> int:
    """The discount of a retention offer: sized where it is, else that of the tier; never above terms and cap."""
    terms = policy.actions.retention_offer
    assert isinstance(terms, RetentionTerms)
    most = min(terms.percent.cap, situation.tier_percent)
    wanted = situation.tier_percent if situation.sized is None else max(situation.sized.percent, terms.percent.floor)
    return min(wanted, most)


def _recommendation(situation: Situation, policy: OfferPolicy) -> Worth:
    terms, candidate = policy.actions.recommendation, situation.candidate
    assert candidate is not None, "the rules refuse a recommendation without a product"
    assumed = candidate.probability is None
    chance = terms.effect.assumed if candidate.probability is None else candidate.probability
    margin = policy.margin(candidate.line) if situation.margin is None else situation.margin
    return Worth(
        uplift=chance * terms.troubles[situation.trouble],
        margin_cents=margin * candidate.price_cents,
        stake_cents=terms.stake * _at_stake(situation, policy),
        cost_cents=terms.cost_cents,
        assumed=assumed,
    )


def _uplift(kind: ActionKind, situation: Situation, policy: OfferPolicy) -> tuple[float, bool]:
    """The expected effect, and whether no model had a say in it."""
    terms = policy.terms(kind)
    score = fresh_score(terms.effect.model, situation, policy) if terms.effect.model else None
    told = None if score is None else score.details.get("effect", score.value)
    found = terms.effect.assumed
    if score is not None and told is not None:
        found = told + _weight_of_assumption(terms.effect, score) * (terms.effect.assumed - told)
    if kind is ActionKind.RETENTION_OFFER and situation.sized is not None:
        found *= situation.sized.effect_factor
    return found * terms.troubles.get(situation.trouble, 1.0), told is None


def _weight_of_assumption(effect: Effect, score: Score) -> float:
    """The model's error over both errors, each squared; 0 where the model tells none or the shop has no doubt."""
    low, high = score.details.get("low"), score.details.get("high")
    if low is None or high is None or effect.doubt == 0.0:
        return 0.0
    error = (high - low) / (2 * _QUANTILE)
    return float(error**2 / (error**2 + effect.doubt**2))


def _margin(situation: Situation, policy: OfferPolicy) -> float:
    return policy.margin(situation.line) if situation.margin is None else situation.margin


def _at_stake(situation: Situation, policy: OfferPolicy) -> float:
    """Margin of a year, times the chance of leaving; 0 where a score is missing: no model, no stake."""
    churn, value = (fresh_score(model, situation, policy) for model in (CHURN, VALUE))
    if churn is None or value is None or churn.value is None or value.value is None:
        return 0.0
    return max(churn.value, 0.0) * max(value.value, 0.0) * _margin(situation, policy)

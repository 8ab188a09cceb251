"""The choice itself: rules first, then the highest expected value, and now and then a draw among what is allowed.

Pure: the same situation, policy and seed give the same choice. `propensity` is the exact probability with which the
chosen action would be chosen again in this situation, which off-policy estimates need: with a share e explored among k
actions it is (1 - e) [best] + e/k [explored] (epsilon-greedy, Sutton and Barto 2018, section 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from crm_models.next_action.kinds import ActionKind, Reason, Refusal, Trouble
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.rules import refusal_of
from crm_models.next_action.situation import Situation
from crm_models.next_action.value import Worth, worth_of

MISSING, STALE = "missing", "stale"
_NOTHING = Worth(uplift=0.0, margin_cents=0.0, stake_cents=0.0, cost_cents=0.0)
# What is told when nothing is added, the first that any action was refused for.
_TELLING = {
    Refusal.BUDGET_SPENT: Reason.BUDGET_SPENT,
    Refusal.COMPLAINT_OPEN: Reason.COMPLAINT_OPEN,
    Refusal.HOLDOUT: Reason.HOLDOUT,
    Refusal.NO_CONSENT: Reason.NO_CONSENT,
    Refusal.NOT_VERIFIED: Reason.NOT_VERIFIED,
    Refusal.NOT_WORTH_IT: Reason.NOTHING_WORTH_IT,
}


class Random(Protocol):
    """`random.Random` and `numpy.random.Generator` alike."""

    def random(self) -> float: ...


@dataclass(frozen=True)
class Alternative:
    """An action that was considered: its worth where the rules allow it, and what refused it."""

    action: ActionKind
    worth: Worth | None = None
    refused: Refusal | None = None
    chance: float = 0.0  # with which it is chosen in this situation; of all alternatives together 1

    @property
    def value_cents(self) -> float:
        return self.worth.value_cents if self.worth is not None else 0.0

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"action": self.action.value, "chance": round(self.chance, 9)}
        if self.refused is not None:
            told["refused"] = self.refused.value
        if self.worth is not None:
            told |= {
                "uplift": round(self.worth.uplift, 5),
                "margin_cents": round(self.worth.margin_cents, 2),
                "stake_cents": round(self.worth.stake_cents, 2),
                "cost_cents": round(self.worth.cost_cents, 2),
                "value_cents": round(self.worth.value_cents, 2),
                "assumed": self.worth.assumed,
            }
        return told


@dataclass(frozen=True)
class Choice:
    """What is to be done, why, and what else could have been."""

    action: ActionKind
    reason: Reason
    value_cents: float
    cost_cents: float
    propensity: float
    alternatives: tuple[Alternative, ...]  # every action, `answer_only` first
    models: Mapping[str, str]  # model -> version of the score that was used, `missing` or `stale`
    percent_off: int | None = None  # of a retention offer

    def of(self, action: ActionKind) -> Alternative:
        """How an action was judged."""
        return next(each for each in self.alternatives if each.action is action)


def choose(situation: Situation, policy: OfferPolicy, rng: Random) -> Choice:
    """Choose what is added to an answer.

    Args:
        rng: drawn from at most twice, and only where there is something to explore.
    """
    considered = (
        Alternative(ActionKind.ANSWER_ONLY, _NOTHING),
        *(_consider(kind, situation, policy) for kind in ActionKind if kind is not ActionKind.ANSWER_ONLY),
    )
    allowed = [each for each in considered if each.refused is None]
    due = [
        each
        for each in allowed
        if each.action is not ActionKind.ANSWER_ONLY and situation.moment in policy.terms(each.action).always_at
    ]
    best = max(due or allowed, key=lambda each: each.value_cents)  # the first among equals
    if due:
        return _choice(best, Reason.DUE, {best.action: 1.0}, considered, situation, policy)
    explored = [each for each in allowed if each.action in policy.exploration.actions]
    share = policy.exploration.share if len(explored) > 1 or (explored and explored[0] is not best) else 0.0
    chosen = best
    if share > 0.0 and rng.random() < share:
        chosen = explored[min(int(rng.random() * len(explored)), len(explored) - 1)]
    chances = {each.action: share / len(explored) for each in explored} if share else {}
    chances[best.action] = chances.get(best.action, 0.0) + 1.0 - share
    reason = _reason(chosen, situation, considered) if chosen is best else Reason.EXPLORED
    return _choice(chosen, reason, chances, considered, situation, policy)


def may_cost(situation: Situation, policy: OfferPolicy) -> bool:
    """Whether any action that could be chosen costs something: then the budget must be known."""
    worths = (_consider(kind, situation, policy) for kind in ActionKind if kind is not ActionKind.ANSWER_ONLY)
    return any(each.refused is None and each.worth is not None and each.worth.cost_cents > 0 for each in worths)


def _consider(kind: ActionKind, situation: Situation, policy: OfferPolicy) -> Alternative:
    refused = refusal_of(kind, situation, policy)
    if refused is not None:
        return Alternative(kind, refused=refused)
    worth = worth_of(kind, situation, policy)
    if situation.moment in policy.terms(kind).always_at:
        return Alternative(kind, worth)
    if worth.value_cents <= 0.0:
        return Alternative(kind, worth, Refusal.NOT_WORTH_IT)
    if worth.cost_cents > situation.budget_left_cents.get(kind, float("inf")):
        return Alternative(kind, worth, Refusal.BUDGET_SPENT)
    return Alternative(kind, worth)


def _reason(chosen: Alternative, situation: Situation, considered: Sequence[Alternative]) -> Reason:
    if chosen.action is ActionKind.ANSWER_ONLY:
        refusals = {each.refused for each in considered}
        return next((told for refusal, told in _TELLING.items() if refusal in refusals), Reason.NOTHING_ALLOWED)
    if situation.trouble is not Trouble.NONE:
        return Reason.MAKES_GOOD
    return Reason.MAY_LEAVE if chosen.action is ActionKind.RETENTION_OFFER else Reason.FITS_THE_CUSTOMER


def _choice(
    chosen: Alternative,
    reason: Reason,
    chances: Mapping[ActionKind, float],
    considered: tuple[Alternative, ...],
    situation: Situation,
    policy: OfferPolicy,
) -> Choice:
    worth = chosen.worth or _NOTHING
    return Choice(
        action=chosen.action,
        reason=reason,
        value_cents=worth.value_cents,
        cost_cents=worth.cost_cents,
        propensity=chances[chosen.action],
        alternatives=tuple(replace(each, chance=chances.get(each.action, 0.0)) for each in considered),
        models={model: _version(model, situation, policy) for model in policy.models},
        percent_off=worth.percent_off,
    )


def _version(model: str, situation: Situation, policy: OfferPolicy) -> str:
    score = situation.scores.get(model)
    if score is None:
        return situation.unusable.get(model, MISSING)
    return STALE if policy.scores.is_stale(model, score.scored_at, situation.now) else score.version

"""What is chosen in a situation, by rules and values; no database."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from crm_models.next_action.choice import MISSING, STALE, Choice, choose
from crm_models.next_action.kinds import OFFERS, ActionKind, Moment, Reason, Refusal, Trouble
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.situation import Candidate, PastAction, Score, Situation, Sized

NOW = datetime(2026, 11, 1, 10, 0)
SHIPPED = load_offer_policy()
RETENTION, CREDIT, HAND_OVER = ActionKind.RETENTION_OFFER, ActionKind.APOLOGY_CREDIT, ActionKind.HAND_OVER


def changed(**terms: Any) -> OfferPolicy:
    """The shipped policy with some terms replaced, `rules__name=value`."""
    told = SHIPPED.model_dump(by_alias=True)
    for path, value in terms.items():
        *way, last = path.split("__")
        place = told
        for part in way:
            place = place[part]
        place[last] = value
    return OfferPolicy.model_validate(told)


GREEDY = changed(exploration__share=0.0)
SCORES = {
    "churn": Score(0.8, "at_risk", NOW, "churn-1"),
    "value": Score(20_000.0, "middle", NOW, "value-1", {"alive": 0.8, "expected_orders": 2.4}),
    "uplift": Score(
        0.1, "persuadable", NOW, "uplift-1", {"effect": 0.1, "low": 0.05, "high": 0.15, "baseline": 0.2}
    ),
}  # fmt: skip
# Angry, at risk, consents to offers: everything speaks for a discount.
ANGRY = Situation(
    "C-1",
    Moment.FEEDBACK,
    NOW,
    conversation_id="web-1",
    mood=-0.8,
    consents=frozenset({"personalisation"}),
    scores=SCORES,
    order_cents=8000,
)
HAPPY = replace(ANGRY, mood=0.8, candidate=Candidate("P-1", 5000, 0.05), scores={})


def made(situation: Situation, policy: OfferPolicy = GREEDY, seed: int = 1) -> Choice:
    return choose(situation, policy, random.Random(seed))


def test_who_may_leave_and_is_unhappy_gets_a_discount_and_its_value_is_the_formula() -> None:
    choice = made(ANGRY)
    assert (choice.action, choice.reason, choice.percent_off) == (RETENTION, Reason.MAY_LEAVE, 10)
    error, doubt = 0.1 / (2 * 1.6449), 0.06
    uplift = 0.1 + error**2 / (error**2 + doubt**2) * (0.12 - 0.1)
    alone = 1 - math.exp(-2.4 / 0.8 * 30 / 365)  # who writes, and orders in the 30 days of the discount anyway
    cost = (alone + uplift * (1 - alone)) * 0.10 * 8000
    assert choice.cost_cents == pytest.approx(cost)
    assert choice.value_cents == pytest.approx(uplift * (0.35 * 8000 + 0.8 * 20_000 * 0.35) - cost)
    assert choice.models == {"churn": "churn-1", "value": "value-1", "uplift": "uplift-1", "segment": MISSING}


@pytest.mark.parametrize(
    ("change", "refused", "reason"),
    [
        ({"open_complaint": True}, Refusal.COMPLAINT_OPEN, Reason.COMPLAINT_OPEN),
        ({"consents": frozenset()}, Refusal.NO_CONSENT, Reason.NO_CONSENT),
        ({"verified": False}, Refusal.NOT_VERIFIED, Reason.NOT_VERIFIED),
        ({"holdout": True}, Refusal.HOLDOUT, Reason.HOLDOUT),
        ({"mood": 0.0}, Refusal.MOOD_DOES_NOT_FIT, Reason.NOTHING_ALLOWED),
        ({"moment": Moment.ANSWER}, Refusal.NOT_AT_THIS_MOMENT, Reason.NOTHING_ALLOWED),
        ({"tier_percent": 0}, Refusal.TIER_GETS_NONE, Reason.NOTHING_ALLOWED),
        ({"budget_left_cents": {RETENTION: 10.0}}, Refusal.BUDGET_SPENT, Reason.BUDGET_SPENT),
    ],
)
def test_a_rule_refuses_and_is_told(change: dict[str, Any], refused: Refusal, reason: Reason) -> None:
    choice = made(replace(ANGRY, **change))
    assert choice.action is ActionKind.ANSWER_ONLY
    assert choice.of(RETENTION).refused is refused
    assert choice.reason is reason
    assert (choice.value_cents, choice.cost_cents, choice.propensity) == (0.0, 0.0, 1.0)


def test_nothing_is_sold_while_a_complaint_is_open_whatever_goes_on() -> None:
    for moment in Moment:
        for trouble in Trouble:
            for mood in (-0.9, 0.0, 0.9):
                situation = replace(HAPPY, moment=moment, trouble=trouble, mood=mood, scores=SCORES)
                assert made(replace(situation, open_complaint=True), SHIPPED).action not in OFFERS


def with_uplift(**details: float) -> Situation:
    effect = details.get("effect", 0.1)
    return replace(ANGRY, scores=SCORES | {"uplift": Score(effect, None, NOW, "uplift-2", details)})


def test_a_sleeping_dog_is_let_lie() -> None:
    woken = with_uplift(effect=0.1, chance_negative=0.91)
    assert made(woken).of(RETENTION).refused is Refusal.SLEEPING_DOG
    assert made(woken, changed(rules__none_to_sleeping_dogs=False, exploration__share=0.0)).action is RETENTION
    assert made(with_uplift(effect=0.1, chance_negative=0.89)).action is RETENTION


def test_an_effect_that_the_model_is_sure_of_counts_more_than_what_the_shop_assumes() -> None:
    sure = made(with_uplift(effect=0.01, low=0.005, high=0.015, baseline=0.3))
    unsure = made(with_uplift(effect=0.01, low=-0.5, high=0.52, baseline=0.3))
    assert sure.of(RETENTION).refused is Refusal.NOT_WORTH_IT
    assert unsure.action is RETENTION
    worth = unsure.of(RETENTION).worth
    assert worth is not None and worth.uplift == pytest.approx(0.12, abs=0.01)


@pytest.mark.parametrize("change", [{"scores": {}}, {"scores": {k: s for k, s in SCORES.items() if k != "churn"}}])
def test_without_the_score_it_needs_there_is_no_discount(change: dict[str, Any]) -> None:
    choice = made(replace(ANGRY, **change))
    assert choice.of(RETENTION).refused is Refusal.SCORE_MISSING
    assert choice.models["churn"] == MISSING


def test_a_stale_score_is_not_used_and_told() -> None:
    later = replace(ANGRY, now=NOW + timedelta(days=46))
    choice = made(later)
    assert choice.of(RETENTION).refused is Refusal.SCORE_STALE
    assert set(choice.models.values()) == {STALE, MISSING}
    assert made(replace(ANGRY, now=NOW + timedelta(days=45))).action is RETENTION
    assert made(later, changed(scores__stale_after_days=60, exploration__share=0.0)).action is RETENTION


def test_without_the_models_of_value_and_effect_what_the_shop_assumes_decides() -> None:
    choice = made(replace(ANGRY, scores={"churn": SCORES["churn"]}, order_cents=None))
    worth = choice.of(RETENTION).worth
    assert worth is not None and worth.assumed
    assert (worth.uplift, worth.stake_cents, worth.margin_cents) == (0.12, 0.0, 0.35 * 6000)


def test_an_action_that_fits_what_went_wrong() -> None:
    credit = made(replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY))
    assert (credit.action, credit.reason) == (CREDIT, Reason.MAKES_GOOD)
    again = made(replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_AGAIN))
    assert (again.action, again.reason) == (RETENTION, Reason.MAKES_GOOD)
    broken = made(replace(ANGRY, trouble=Trouble.PRODUCT))
    assert broken.action is HAND_OVER


def test_a_person_is_due_when_the_offer_was_declined_in_anger() -> None:
    declined = replace(ANGRY, moment=Moment.OFFER_DECLINED, scores={}, order_cents=100)
    choice = made(replace(declined, budget_left_cents={HAND_OVER: 0.0}), SHIPPED)
    assert (choice.action, choice.reason, choice.propensity) == (HAND_OVER, Reason.DUE, 1.0)
    assert made(replace(declined, mood=0.1), SHIPPED).action is ActionKind.ANSWER_ONLY


def past(action: ActionKind, days: float, conversation: str = "web-0", **more: Any) -> Situation:
    return replace(ANGRY, history=(PastAction(action, conversation, NOW - timedelta(days=days), **more),))


LATE = replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY)


def cost_of_credit(situation: Situation, valid_days: int) -> float:
    worth = made(situation, changed(actions__apology_credit__valid_days=valid_days)).of(CREDIT).worth
    assert worth is not None
    return worth.cost_cents


@pytest.mark.parametrize("scores", [SCORES, {}])
def test_a_credit_costs_more_the_longer_it_holds(scores: dict[str, Score]) -> None:
    """Who would have ordered anyway uses it too; also where no model says how often that is."""
    short, usual, long = (cost_of_credit(replace(LATE, scores=scores), days) for days in (14, 60, 3650))
    assert 1.8 * short < usual < long <= 500.0


def test_whoever_orders_soon_anyway_costs_more_than_somebody_who_has_left() -> None:
    regular, gone = (
        cost_of_credit(replace(LATE, scores={"value": Score(1.0, None, NOW, details=details)}), 60)
        for details in ({"alive": 1.0, "expected_orders": 24.0}, {"alive": 0.0, "expected_orders": 0.0})
    )
    assert regular == pytest.approx(500.0 * (1 - (1 - 0.08) * math.exp(-24 * 60 / 365)))
    assert gone == pytest.approx(500.0 * 0.08), "only the order that it brings"


def test_who_was_thought_to_have_left_and_writes_is_still_a_customer() -> None:
    doubted, sure = (
        cost_of_credit(replace(LATE, scores={"value": Score(1.0, None, NOW, details=details)}), 60)
        for details in ({"alive": 0.25, "expected_orders": 1.0}, {"alive": 1.0, "expected_orders": 4.0})
    )
    assert doubted == pytest.approx(sure)


def test_without_a_model_the_chance_that_the_shop_assumes_is_one_of_thirty_days() -> None:
    nobody_knows = replace(LATE, scores={})
    assert cost_of_credit(nobody_knows, 30) == pytest.approx(500.0 * (0.3 + 0.08 * 0.7))
    assert cost_of_credit(nobody_knows, 60) == pytest.approx(500.0 * (0.51 + 0.08 * 0.49))


def test_points_cost_in_full_because_accepting_them_is_enough_to_keep_them() -> None:
    content = replace(HAPPY, moment=Moment.TASK_DONE, scores={"segment": Score(None, "best", NOW)}, order_cents=90_000)
    choice = made(content)
    assert (choice.action, choice.cost_cents) == (ActionKind.LOYALTY_PERK, 50.0)


def test_one_offer_a_conversation_and_cooling_off() -> None:
    here = past(ActionKind.RECOMMENDATION, 0.01, "web-1")
    assert made(here).of(RETENTION).refused is Refusal.OFFER_IN_CONVERSATION
    assert made(past(ActionKind.RECOMMENDATION, 0.01)).action is RETENTION
    assert made(past(CREDIT, 13.9)).of(RETENTION).refused is Refusal.OTHER_GIFT
    assert made(past(CREDIT, 14)).action is RETENTION
    assert made(past(RETENTION, 89.9, status="declined")).of(RETENTION).refused is Refusal.COOLING_OFF
    assert made(past(RETENTION, 90, status="declined")).action is RETENTION
    valid = past(RETENTION, 91, expires_at=NOW + timedelta(days=1))
    assert made(valid).of(RETENTION).refused is Refusal.OFFER_STILL_OPEN
    assert made(past(HAND_OVER, 0.01, "web-1")).action is RETENTION


def test_a_happy_customer_gets_what_is_in_stock() -> None:
    choice = made(HAPPY)
    assert (choice.action, choice.reason) == (ActionKind.RECOMMENDATION, Reason.FITS_THE_CUSTOMER)
    assert choice.value_cents == pytest.approx(0.05 * 0.35 * 5000)
    sold_out = replace(HAPPY, candidate=Candidate("P-1", 5000, 0.05, stock=0))
    assert made(sold_out).of(ActionKind.RECOMMENDATION).refused is Refusal.OUT_OF_STOCK
    assert made(replace(HAPPY, candidate=None)).of(ActionKind.RECOMMENDATION).refused is Refusal.NOTHING_TO_RECOMMEND


def test_the_margin_of_the_product_line_counts() -> None:
    lamp = replace(HAPPY, candidate=Candidate("P-1", 5000, 0.05, line="lighting"))
    assert made(lamp, changed(economy__margin_by_line={"lighting": 0.1})).value_cents == pytest.approx(25.0)


@pytest.mark.parametrize(("tier_percent", "sized", "percent"), [(10, None, 10), (40, None, 20), (10, 7, 7),
                                                               (10, 2, 5), (10, 15, 10), (3, 7, 3)])  # fmt: skip
def test_a_discount_stays_within_floor_cap_and_what_the_tier_allows(
    tier_percent: int, sized: int | None, percent: int
) -> None:
    found = None if sized is None else Sized(sized, 1.0)
    choice = made(replace(ANGRY, tier_percent=tier_percent, sized=found))
    assert choice.percent_off == percent


def test_a_smaller_discount_has_a_smaller_effect() -> None:
    whole, half = (made(replace(ANGRY, sized=Sized(5, factor))).of(RETENTION).worth for factor in (1.0, 0.5))
    assert whole is not None and half is not None
    assert half.uplift == pytest.approx(whole.uplift / 2)


def test_the_same_seed_gives_the_same_choice() -> None:
    policy = changed(exploration__share=0.5)
    assert [made(ANGRY, policy, seed) for seed in range(50)] == [made(ANGRY, policy, seed) for seed in range(50)]
    generator = np.random.default_rng(3)
    assert choose(ANGRY, policy, generator).action in ActionKind


def test_propensities_are_the_shares_that_are_drawn() -> None:
    policy = changed(exploration__share=0.4)
    situation = replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.SLOW_REFUND)
    rng = random.Random(5)
    drawn = Counter[ActionKind]()
    told: dict[ActionKind, float] = {}
    for _ in range(20_000):
        choice = choose(situation, policy, rng)
        drawn[choice.action] += 1
        told[choice.action] = choice.propensity
        assert (choice.reason is Reason.EXPLORED) == (choice.propensity < 0.5)
    assert len(told) == 3 and sum(told.values()) == pytest.approx(1.0)
    for action, propensity in told.items():
        assert drawn[action] / 20_000 == pytest.approx(propensity, abs=0.012)


def test_what_is_not_allowed_or_not_worth_it_is_never_explored() -> None:
    policy = changed(exploration__share=0.5)
    for seed in range(200):
        assert made(replace(ANGRY, open_complaint=True), policy, seed).action is ActionKind.ANSWER_ONLY
        assert made(with_uplift(effect=0.01, low=0.005, high=0.015), policy, seed).action is ActionKind.ANSWER_ONLY


def test_every_action_is_told_with_its_parts_or_what_refused_it() -> None:
    choice = made(ANGRY)
    assert [each.action for each in choice.alternatives] == list(ActionKind)
    for each in choice.alternatives:
        told = each.as_json()
        assert "refused" in told or {"uplift", "margin_cents", "stake_cents", "cost_cents", "value_cents"} <= set(told)


@pytest.mark.parametrize(
    ("situation", "action", "field"),
    [(ANGRY, RETENTION, "interests"), (HAPPY, ActionKind.RECOMMENDATION, "purchases")],
)
def test_what_the_customer_forbade_chooses_nothing(situation: Situation, action: ActionKind, field: str) -> None:
    assert _refused(situation, action) is not Refusal.NO_CONSENT
    assert _refused(replace(situation, forbidden=frozenset({field})), action) is Refusal.NO_CONSENT
    assert _refused(replace(situation, forbidden=frozenset({"name"})), action) is not Refusal.NO_CONSENT
    # making good a fault needs no profile
    assert _refused(replace(situation, forbidden=frozenset({field})), CREDIT) is not Refusal.NO_CONSENT


def _refused(situation: Situation, action: ActionKind) -> Refusal | None:
    return next(each.refused for each in made(situation).alternatives if each.action is action)

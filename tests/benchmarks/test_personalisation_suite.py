"""The simulated world of offers behaves as it is written, and the comparison is paired, in budget and not rigged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.offer_evaluation import bandit_of, cases_of, rows_of_cases
from benchmarks.offer_moments import Fates, draw_fates
from benchmarks.offer_policies import ByChurnAlone, Everybody, Oracle, Ours, changed, nothing, relaxed
from benchmarks.offer_population import NOW, Known, Population
from benchmarks.offer_runs import Act, Season
from benchmarks.offer_world import (
    ANSWER,
    APOLOGY,
    PERSON,
    RETENTION,
    SETTINGS,
    Contact,
    Nature,
    World,
    in_world,
    respond,
)
from benchmarks.personalisation import difference, main_rows, policies, season_of
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.replay import action_chances, table_of_chances
from crm_models.next_action.situation import Candidate, Score, Situation

WORLD = SETTINGS["as written"]
KEEN = Nature(6.0, 1.0, 0.9, 0.9, 0.8, 0.3, 9000.0)
BARGAIN, COMFORT = KEEN, Nature(6.0, 1.0, 0.1, 0.9, 0.8, 0.3, 9000.0)
IMPATIENT = Nature(6.0, 1.0, 0.3, 0.1, 0.5, 0.3, 9000.0, badly_served=True)


@pytest.fixture(scope="module")
def policy() -> OfferPolicy:
    return load_offer_policy()


@pytest.fixture(scope="module")
def population() -> Population:
    random = np.random.default_rng(3)
    known, natures = [], []
    for number in range(1200):
        keen, patient, experience = random.beta(2, 2, 3)
        natures.append(
            Nature(2 + random.gamma(1.5, 4), 0.9, keen, patient, experience, 0.3, 9000.0, bool(random.random() < 0.2))
        )
        effect = 0.3 * (keen - 0.3)
        scores = {
            "churn": Score(1 - patient, "at_risk" if patient < 0.4 else "steady", NOW, "churn-1"),
            "value": Score(30_000.0, "high", NOW, "value-1", {"alive": 1.0, "expected_orders": 0.9 * natures[-1].rate}),
            "segment": Score(None, "loyal", NOW, "segment-1"),
            "uplift": Score(
                effect, "persuadable", NOW, "uplift-1", {"effect": effect, "baseline": 0.2, "chance_negative": 0.1}
            ),
        }
        agreed = frozenset({"personalisation"}) if number % 5 else frozenset[str]()
        candidate = Candidate("P-1", 4000)
        known.append(Known(f"C-{number:05d}", "basic", 10, agreed, scores, candidate, 9000.0))
    return Population(1, WORLD, tuple(known), tuple(natures), 0.0)


@pytest.fixture(scope="module")
def fates(population: Population) -> Fates:
    return draw_fates(population, 0)


def test_a_discount_draws_those_for_whom_the_price_counts() -> None:
    drawn, indifferent = (respond(WORLD, who, Contact(), RETENTION, 10).lift for who in (BARGAIN, COMFORT))
    assert drawn > 0.1 > 0 > indifferent
    assert respond(WORLD, BARGAIN, Contact(), RETENTION, 20).lift < 2 * drawn, "a discount saturates"
    assert respond(WORLD, BARGAIN, Contact(recent_offers=2), RETENTION, 10).lift == pytest.approx(drawn / 4)


def test_selling_while_a_complaint_is_open_drives_away() -> None:
    contact = Contact("complaint", complaint_open=True)
    answered, sold, made_good, person = (
        respond(WORLD, IMPATIENT, contact, action, 10 * (action == RETENTION))
        for action in (ANSWER, RETENTION, APOLOGY, PERSON)
    )
    assert sold.lift < -0.1 and sold.leaves > answered.leaves
    assert made_good.leaves < answered.leaves > person.leaves


def test_who_has_left_is_beyond_reach() -> None:
    gone = Nature(6.0, 0.0, 0.9, 0.5, 0.2, 0.3, 9000.0, gone=True)
    assert respond(WORLD, gone, Contact("complaint"), APOLOGY, 0).lift == 0.0


def test_in_a_world_without_differences_everybody_reacts_alike() -> None:
    world = SETTINGS["everybody reacts alike"]
    lifts = {
        round(respond(world, in_world(world, who), Contact(), RETENTION, 10).lift, 9)
        for who in (BARGAIN, COMFORT, IMPATIENT)
    }
    assert len(lifts) == 1


def test_the_same_seed_gives_the_same_fates_and_another_one_others(population: Population, fates: Fates) -> None:
    assert draw_fates(population, 0) == fates != draw_fates(population, 1)
    assert [each.day for each in fates.meetings] == sorted(each.day for each in fates.meetings)


def test_policies_that_do_the_same_have_the_same_outcome(population: Population, fates: Fates) -> None:
    season = Season(population, fates, 1e9)
    quiet, again = season.run(nothing), season.run(lambda situation, nature, contact: Act())
    assert (quiet.margin == again.margin).all() and quiet.spent_by_day.sum() == 0
    assert 0.05 < quiet.left.mean() < 0.9


def test_only_customers_who_are_treated_otherwise_end_otherwise(
    population: Population, fates: Fates, policy: OfferPolicy
) -> None:
    season = Season(population, fates, 1e9)
    quiet, offered = season.run(nothing), season.run(ByChurnAlone(policy))
    steady = np.array([known.scores["churn"].label == "steady" for known in population.known])
    assert (quiet.margin == offered.margin)[steady].all() and (quiet.left == offered.left)[steady].all()
    assert (quiet.margin != offered.margin)[~steady].any()


@pytest.mark.parametrize("name", ["ours", "everybody", "oracle"])
def test_no_policy_plans_more_than_a_day_allows(
    population: Population, fates: Fates, policy: OfferPolicy, name: str
) -> None:
    decide = {"ours": Ours(policy, 1), "everybody": Everybody(policy), "oracle": Oracle(WORLD, policy)}[name]
    limited = Season(population, fates, 700.0).run(decide)
    assert 0 < limited.planned_by_day.max() <= 700.0


def test_credits_cost_in_the_end_what_was_expected(population: Population, policy: OfferPolicy) -> None:
    """A credit holds for two months, in which who would have ordered anyway uses it too; here nobody leaves over it."""
    loyal = World(
        question_leaves=0.0, complaint_severity=0.0, late_severity=0.0, unsolved_severity=0.0, grudge_severity=0.0
    )
    there = replace(population, world=loyal)
    alone = changed(policy, {"actions": {"retention_offer": {"on": False}, "hand_over": {"on": False}}})
    seasons = [Season(there, draw_fates(there, seed), 1e9).run(Ours(alone, seed)) for seed in range(6)]
    expected = sum(float(each.planned_by_day.sum()) for each in seasons)
    spent = sum(float(each.spent_by_day.sum()) for each in seasons)
    assert spent == pytest.approx(expected, rel=0.15)


def test_ours_makes_no_offer_while_a_complaint_is_open_unless_the_rules_are_gone(
    population: Population, fates: Fates, policy: OfferPolicy
) -> None:
    season = Season(population, fates, 1e9)
    assert season.run(Ours(policy, 1)).to_open_complaints == 0
    assert season.run(Ours(relaxed(policy)["all of these"], 1)).to_open_complaints > 0
    assert season.run(Everybody(policy)).to_open_complaints > 0


def test_who_knows_the_truth_does_best(population: Population, policy: OfferPolicy) -> None:
    fates = [[draw_fates(population, seed) for seed in range(4)]]
    found = season_of([population], fates, policies(policy), 1e9, "test")
    ceiling = found.pop("oracle (ceiling)")
    for each in found.values():
        assert difference(ceiling.margin, each.margin).mean > 0
    rows = {row.name: row for row in main_rows({**found, "oracle (ceiling)": ceiling}, 1e9)}
    row = rows["margin of a year above no offers"]
    assert row.value is not None and row.value < (row.peers["oracle (ceiling)"] or 0)
    low = rows["margin, ours less no offers, low end of 95 %"]
    assert low.target is not None and (low.value or 0) < (rows["margin, ours less no offers"].value or 0)


def test_a_rewarded_decision_earns_on_average_what_is_expected(
    population: Population, fates: Fates, policy: OfferPolicy
) -> None:
    bandit = bandit_of([(population, fates)], policy)
    random = np.random.default_rng(1)
    for column, kind in enumerate(ActionKind):
        rows = random.integers(len(bandit), size=60_000)
        drawn = bandit.draw(random, rows, np.full(len(rows), column))
        truth = bandit.expected[:, column].mean()
        assert drawn.mean() == pytest.approx(truth, abs=4 * drawn.std() / len(rows) ** 0.5 + 15), kind


def test_chances_are_those_with_which_choose_chooses(population: Population, fates: Fates, policy: OfferPolicy) -> None:
    import random

    from crm_models.next_action.choice import choose

    exploring = cases_of(policy)[0].logged
    situations = bandit_of([(population, fates)], exploring).situations
    chances = table_of_chances(situations, exploring)
    assert np.allclose(chances.sum(axis=1), 1.0)
    situation: Situation = situations[int(np.argmax((chances > 0).sum(axis=1)))]
    told = action_chances(situation, exploring)
    draws = random.Random(5)
    chosen = [choose(situation, exploring, draws) for _ in range(4000)]
    for column, kind in enumerate(ActionKind):
        taken = [each for each in chosen if each.action is kind]
        assert len(taken) / 4000 == pytest.approx(told[column], abs=0.03)
        assert all(each.propensity == pytest.approx(told[column]) for each in taken)


def test_estimates_of_logs_are_reported_beside_the_truth(
    population: Population, fates: Fates, policy: OfferPolicy
) -> None:
    rows = {row.name: row for row in rows_of_cases([(population, fates)], policy, 12)}
    covered = rows["off-policy, the shipped policy: intervals of 95 % that hold the truth, doubly robust"]
    assert covered.value is not None and covered.value > 0.6
    for name in ("offers at every moment, from the shipped log", "the shipped policy, from 60 decisions"):
        assert rows[f"off-policy, {name}: logs that are refused"].value == 1.0


def test_a_world_of_half_effects_moves_less() -> None:
    half: World = SETTINGS["effects half as strong"]
    for action in (RETENTION, APOLOGY):
        whole = respond(WORLD, BARGAIN, Contact("grudge_price"), action, 10)
        less = respond(half, BARGAIN, Contact("grudge_price"), action, 10)
        assert 0 < less.lift < whole.lift and less.leaves > whole.leaves

"""What came of exposures, and what follows: on a real database, with outcomes that can be counted by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from experiment_fixture import START, accept, after, complain, crowd, design, expose, order, started
from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine

from crm_models.errors import BadExperiment, BadPolicy
from crm_models.experiments.analysis import Look, Verdict, look
from crm_models.experiments.experiment import Experiment, Metric, Status
from crm_models.experiments.looks import due_looks, look_at_due, read_looks, record_look
from crm_models.experiments.offer_terms import with_settings
from crm_models.experiments.outcomes import outcomes_of, read_exposed
from crm_models.experiments.plan import plan
from crm_models.experiments.store import find_experiment, stop_experiment
from crm_models.next_action.live import LivePolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.tables import exposures
from crm_models.view.links import link_by_hand

MARGIN = with_settings(load_offer_policy(), {"economy.margin": 0.4, "economy.margin_by_line": {"lighting": 0.1}}).margin


def outcome(connection: Connection, experiment: Experiment, metric: Metric, days: float = 14) -> dict[str, float]:
    exposed = read_exposed(connection, experiment)
    found = outcomes_of(connection, exposed, metric, 14, after(days), MARGIN)
    return dict(zip([each.person_id for each in exposed], [value for _, value in found], strict=False))


def look_kept(connection: Connection, experiment: Experiment, now: datetime) -> Look:
    return record_look(connection, look(connection, experiment, now, MARGIN))


def test_what_happens_in_the_days_after_the_exposure_counts(shop: Connection) -> None:
    before, late, ordered, twice, cancelled, kept = people = crowd(shop, 6)
    experiment = started(shop)
    expose(shop, experiment, people, "warm")
    order(shop, before, after(-0.1))
    order(shop, late, after(14))
    order(shop, ordered, START, 5000)
    order(shop, twice, after(2), 1000)
    order(shop, twice, after(3), 2000, line="LAMP-WHITE")
    order(shop, cancelled, after(4), cancelled=after(6))
    order(shop, kept, after(5), cancelled=after(15))  # it was known by then
    assert outcome(shop, experiment, Metric.ORDERED) == dict(zip(people, [0, 0, 1, 1, 0, 1], strict=True))
    assert outcome(shop, experiment, Metric.CHURN) == dict(zip(people, [1, 1, 0, 0, 1, 0], strict=True))
    assert outcome(shop, experiment, Metric.MARGIN) == pytest.approx(
        {before: 0, late: 0, ordered: 20.0, twice: 4.0 + 2.0, cancelled: 0, kept: 20.0}
    )
    # Later looks change nothing.
    assert outcome(shop, experiment, Metric.ORDERED, 90) == outcome(shop, experiment, Metric.ORDERED)


def test_a_discount_comes_off_the_margin_in_full(shop: Connection) -> None:
    [bought] = crowd(shop, 1)
    experiment = started(shop, metric="margin", baseline=None)
    expose(shop, experiment, [bought], "warm")
    order(shop, bought, after(1), 5000, discount=500)
    assert outcome(shop, experiment, Metric.MARGIN) == {bought: pytest.approx(0.4 * 50 - 5)}


def test_what_counts_no_margin_needs_no_policy_for_offers(shop: Connection, tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("economy: {margin: much}\n", encoding="utf-8")
    margin = LivePolicy(lambda: tmp_path / "policy.yml").margin
    [bought] = crowd(shop, 1)
    experiment = started(shop)
    expose(shop, experiment, [bought], "warm")
    order(shop, bought, after(1))
    exposed = read_exposed(shop, experiment)
    assert outcomes_of(shop, exposed, Metric.ORDERED, 14, after(14), margin) == [("warm", 1.0)]
    with pytest.raises(BadPolicy, match="rapport policy check"):
        outcomes_of(shop, exposed, Metric.MARGIN, 14, after(14), margin)


def test_offers_and_complaints_are_outcomes(shop: Connection) -> None:
    yes, no, angry = people = crowd(shop, 3)
    experiment = started(shop, metric="accepted")
    expose(shop, experiment, people, "warm")
    accept(shop, yes, START)
    accept(shop, no, after(1), "declined")
    accept(shop, angry, after(-1))
    complain(shop, [angry], after(13))
    assert outcome(shop, experiment, Metric.ACCEPTED) == {yes: 1, no: 0, angry: 0}
    assert outcome(shop, experiment, Metric.COMPLAINT) == {yes: 0, no: 0, angry: 1}


def test_a_yes_after_the_days_of_the_metric_changes_nothing_that_was_known(shop: Connection) -> None:
    soon, late = people = crowd(shop, 2)
    experiment = started(shop, metric="accepted")
    expose(shop, experiment, people, "warm")
    accept(shop, soon, after(1), answered=after(13.9))
    accept(shop, late, after(1), answered=after(14))
    assert outcome(shop, experiment, Metric.ACCEPTED, 14) == {soon: 1, late: 0}
    assert outcome(shop, experiment, Metric.ACCEPTED, 20) == {soon: 1, late: 0}


def test_who_has_not_had_all_days_does_not_count_yet_whatever_happened(shop: Connection) -> None:
    early, later = crowd(shop, 2)
    experiment = started(shop)
    expose(shop, experiment, [early], "warm")
    expose(shop, experiment, [later], "warm", after(3))
    order(shop, later, after(3.5))
    assert outcome(shop, experiment, Metric.ORDERED, 13.9) == {}
    assert outcome(shop, experiment, Metric.ORDERED, 14) == {early: 0}
    assert outcome(shop, experiment, Metric.ORDERED, 17) == {early: 0, later: 1}


def test_records_of_one_person_count_once_by_the_first_exposure(shop: Connection) -> None:
    one, other = crowd(shop, 2)
    experiment = started(shop)
    expose(shop, experiment, [other], "warm")
    expose(shop, experiment, [one], "control", after(1))
    link_by_hand(shop, one, other, "staff", START, "same")
    order(shop, one, after(2))
    found = look(shop, experiment, after(30), MARGIN)
    assert found.exposed == {"control": 0, "warm": 1}
    assert outcome(shop, experiment, Metric.ORDERED, 30) == {one: 1}


def test_an_exposure_is_noted_once(shop: Connection) -> None:
    people = crowd(shop, 2)
    experiment = started(shop)
    expose(shop, experiment, people, "warm")
    expose(shop, experiment, people, "control", after(1))
    assert shop.execute(select(func.count()).select_from(exposures)).scalar_one() == 2
    assert {each.exposed_at for each in read_exposed(shop, experiment)} == {START}


def _two_groups(shop: Connection, experiment: Experiment, each: int = 600) -> tuple[list[str], list[str]]:
    control, warm = crowd(shop, each, "A"), crowd(shop, each, "B")
    expose(shop, experiment, control, "control")
    expose(shop, experiment, warm, "warm")
    return control, warm


def test_a_variant_that_is_better_is_found_and_does_not_stop_by_itself(shop: Connection) -> None:
    experiment = started(shop)
    control, warm = _two_groups(shop, experiment)
    for person in [*control[:60], *warm[:150]]:
        order(shop, person, after(1))
    found = look_kept(shop, experiment, after(15))
    interval = found.comparisons[0].interval
    assert interval is not None and interval.effect == pytest.approx(0.15) and interval.low > 0
    assert found.verdict is Verdict.BETTER and found.known == 1200
    assert find_experiment(shop, "warm-points").status is Status.RUNNING
    (kept,) = read_looks(shop, "warm-points")
    assert (kept.variant, kept.customers, kept.low) == ("warm", 1200, interval.low)


def test_a_broken_guardrail_stops_it_and_says_why(shop: Connection) -> None:
    guardrails = [{"metric": "complaint", "worse_by": 0.02, "within_days": 7}]
    experiment = started(shop, guardrails=guardrails)
    _, warm = _two_groups(shop, experiment)
    complain(shop, warm[:120], after(1))
    assert look_kept(shop, experiment, after(6)).verdict is Verdict.WAIT  # nobody had seven days
    found = look_kept(shop, experiment, after(8))
    assert found.verdict is Verdict.HARMED
    stopped = find_experiment(shop, "warm-points")
    assert stopped.status is Status.STOPPED and stopped.stopped_at == after(8)
    assert str(stopped.stopped_because).startswith("guardrail: complained within 7 days, warm +1")
    assert str(stopped.stopped_because).endswith("points; 2.0 points were allowed")
    assert look_kept(shop, stopped, after(20)).experiment == stopped
    assert len(read_looks(shop, "warm-points")) == 1


def test_a_guardrail_holds_while_it_is_not_surely_worse_than_allowed(shop: Connection) -> None:
    experiment = started(shop, guardrails=[{"metric": "complaint", "worse_by": 0.2}])
    _, warm = _two_groups(shop, experiment)
    complain(shop, warm[:120], after(1))
    found = look_kept(shop, experiment, after(20))
    assert found.harm is None and found.comparisons[1].verdict is Verdict.WORSE


def test_all_planned_customers_without_an_effect_end_it(shop: Connection) -> None:
    experiment = started(shop, planned=1200)
    control, warm = _two_groups(shop, experiment)
    for person in [*control[:120], *warm[:121]]:
        order(shop, person, after(1))
    assert look(shop, experiment, after(20), MARGIN).verdict is Verdict.NO_EFFECT
    assert not look(shop, experiment, after(20), MARGIN).sizes_are_off


def test_less_is_better_for_complaints(shop: Connection) -> None:
    experiment = started(shop, metric="complaint", smallest_effect=0.05)
    control, _ = _two_groups(shop, experiment)
    complain(shop, control[:120], after(1))
    assert look(shop, experiment, after(20), MARGIN).verdict is Verdict.BETTER


def test_what_was_shown_after_the_stop_does_not_count(shop: Connection) -> None:
    experiment = started(shop)
    first, second = crowd(shop, 2)
    expose(shop, experiment, [first], "warm")
    assert stop_experiment(shop, "warm-points", "by hand", after(1))
    assert not stop_experiment(shop, "warm-points", "again", after(2))
    expose(shop, experiment, [second], "warm", after(1.001))
    assert look(shop, find_experiment(shop, "warm-points"), after(30), MARGIN).exposed["warm"] == 1


def test_what_nobody_looked_at_for_a_day_is_looked_at(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        experiment = started(connection)
        control, warm = _two_groups(connection, experiment)
        for person in [*control[:60], *warm[:70]]:
            order(connection, person, after(1))
    assert look_at_due(shop_engine, after(0.9), MARGIN) == []
    assert [each.known for each in look_at_due(shop_engine, after(15), MARGIN)] == [1200]
    assert look_at_due(shop_engine, after(15.9), MARGIN) == []
    with shop_engine.connect() as connection:
        assert len(read_looks(connection, "warm-points")) == 1
        assert due_looks(connection, after(16.1)) == [experiment]


def test_the_plan_takes_its_baseline_from_what_customers_did(shop: Connection) -> None:
    people = crowd(shop, 400)
    for person in people[:100]:
        order(shop, person, after(-5))
    planned = plan(shop, design(baseline=None), START, MARGIN)
    assert planned.baseline.customers == 402  # the two of the shop ordered as well
    assert planned.baseline.mean == pytest.approx(0.25, abs=0.01)
    with pytest.raises(BadExperiment, match=r"accepted within 14 days cannot be told .* give a baseline"):
        plan(shop, design(baseline=None, metric="accepted"), START, MARGIN)
    at_a_loss = design(baseline=None, metric="margin", smallest_effect=1.0)
    with pytest.raises(BadExperiment, match=r"Customers bring -.*margins of the offer policy"):
        plan(shop, at_a_loss, START, lambda line: -0.1)

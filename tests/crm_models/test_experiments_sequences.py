"""The intervals: the published formula, what is known of its boundary, and the number of customers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from experiment_fixture import design
from scipy.special import lambertw

from crm_models.errors import BadExperiment
from crm_models.experiments.levels import guardrail_level, metric_level
from crm_models.experiments.plan import Baseline, customers_planned
from crm_models.experiments.planning import LOOKS, drift_for, power
from crm_models.experiments.sequences import Arm, difference, half_width, mixture
from crm_models.experiments.sizes import OFF, sizes_p


@pytest.mark.parametrize("level", [0.2, 0.05, 0.01, 0.001])
def test_the_interval_is_tightest_where_it_was_planned(level: float) -> None:
    assert mixture(level) == pytest.approx(float(-lambertw(-(level**2) / math.e, -1).real - 1))
    planned = [1000 * factor for factor in (0.5, 0.8, 1.0, 1.25, 2.0)]
    widths = [half_width(1000.0, 1.0, level, each) for each in planned]
    assert min(widths) == widths[2]


def test_the_formula_is_that_of_the_paper() -> None:
    t, level, planned = 700.0, 0.05, 1000.0
    rho2 = mixture(level) / planned
    published = 2.5 * math.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / level))
    assert half_width(t, 2.5, level, planned) == pytest.approx(published)
    assert half_width(np.array([t]), 2.5, level, planned)[0] == pytest.approx(published)


def test_a_difference_has_the_variance_of_two_means() -> None:
    control, variant = Arm(400, 0.2, 0.16, 80), Arm(100, 0.3, 0.21, 30)
    found = difference(control, variant, 0.05, 500, share=True)
    assert found is not None and found.effect == pytest.approx(0.1)
    error = math.sqrt(0.16 / 400 + 0.21 / 100)
    # At the planned number it is sqrt(x + 1) standard errors wide, and 1.96 for one look.
    assert found.high - found.effect == pytest.approx(error * math.sqrt(mixture(0.05) + 1))


def test_there_is_no_interval_before_enough_is_known() -> None:
    some = Arm(200, 0.1, 0.09, 20)
    assert difference(Arm(49, 0.1, 0.09, 5), some, 0.05, 500, share=True) is None
    assert difference(Arm(200, 0.0, 0.0, 0), Arm(200, 0.045, 0.04, 9), 0.05, 500, share=True) is None
    assert difference(Arm(200, 1.0, 0.0, 200), Arm(200, 0.96, 0.04, 192), 0.05, 500, share=True) is None


def test_the_planned_power_is_that_of_simulated_looks() -> None:
    rng, runs = np.random.default_rng(3), 40_000
    times = np.arange(1, LOOKS + 1) / LOOKS
    bound = times * half_width(times, 1.0, 0.05, 1.0)
    drift = drift_for(0.05, 0.8)
    paths = np.cumsum(rng.normal(drift / LOOKS, math.sqrt(1 / LOOKS), (runs, LOOKS)), axis=1)
    assert (paths > bound).any(axis=1).mean() == pytest.approx(0.8, abs=0.008)
    assert power(drift, 0.05) == pytest.approx(0.8, abs=1e-3)
    assert 2 * power(1e-9, 0.05, 200) < 0.05  # without an effect, over many looks


def test_a_smaller_effect_needs_more_customers_by_its_square() -> None:
    baseline = Baseline(10.0, 400.0)
    margin = {"metric": "margin", "baseline": None}
    few, many = (customers_planned(design(**margin, smallest_effect=effect), baseline) for effect in (0.02, 0.01))
    assert many / few == pytest.approx(4, rel=0.01)
    guarded = design(**margin, smallest_effect=0.02, guardrails=[{"metric": "complaint", "worse_by": 0.01}])
    assert customers_planned(guarded, baseline) > few  # a part of the level is the guardrail's


def test_an_effect_that_no_share_can_have_is_refused() -> None:
    with pytest.raises(BadExperiment, match=r"cannot change by -5\.0%"):
        customers_planned(design(metric="complaint", smallest_effect=0.05, baseline=0.02), Baseline(0.02, 0.0196))


def test_the_level_is_shared_by_everything_that_may_raise_an_alarm() -> None:
    together = 2 * metric_level(0.05, 2, 3) + 6 * guardrail_level(0.05, 2, 3)
    assert together == pytest.approx(0.05)
    assert metric_level(0.05, 1, 0) == 0.05


def test_sizes_that_do_not_go_with_the_shares_are_noticed() -> None:
    assert sizes_p([5000, 5080], [0.5, 0.5]) == 1.0
    assert sizes_p([5000, 5600], [0.5, 0.5]) < OFF
    assert sizes_p([0, 0], [0.5, 0.5]) == 1.0
    assert sizes_p([900, 100], [0.9, 0.1]) == 1.0

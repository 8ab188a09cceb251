"""The suite of experiments looks with the code that serves: both ways of it run, and find what they must."""

from __future__ import annotations

import numpy as np

from benchmarks.experiment_shop import alarms_in_a_shop
from benchmarks.experiments import CASES, LEVEL, SEED
from benchmarks.experiments import _measure as measure


def test_an_experiment_in_a_shop_that_changes_nothing_is_looked_at_daily() -> None:
    told: list[tuple[int, int]] = []
    share = alarms_in_a_shop(2, LEVEL, SEED, lambda done, total: told.append((done, total)))
    assert share in (0.0, 0.5) and told == [(0, 2), (1, 2)]


def test_a_made_up_effect_is_found_about_as_often_as_planned() -> None:
    rows = {row.name.split(": ")[1]: row.value for row in measure(CASES[0], np.random.default_rng(1), 100)}
    assert 65 <= rows["found until planned"] <= 95 and rows["A/A, alarms"] <= 12

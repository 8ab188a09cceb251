"""What every candidate of churn keeps to: directions, gaps in the data, and parts that add up."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from crm_models.churn.candidates import CANDIDATES, KINDS
from crm_models.churn.comparison import BLEND, Plan, Rows, compare
from crm_models.churn.encoding import Encoding, Floats

LEVELS, DIRECTIONS = (0, 0, 3, 0), (1, -1, 0, 0)


def rows(count: int = 1200, seed: int = 1) -> Rows:
    """Two numbers with a direction, a category, a constant; some values are missing."""
    random = np.random.default_rng(seed)
    codes = np.column_stack(
        [random.gamma(2, 2, count), random.normal(size=count), random.integers(0, 3, count), np.ones(count)]
    ).astype(np.float64)
    log_odds = -2 + 0.6 * codes[:, 0] - 1.2 * codes[:, 1] + (codes[:, 2] == 1)
    left = random.random(count) < 1 / (1 + np.exp(-log_odds))
    codes[random.random(count) < 0.1, 0] = np.nan
    codes[random.random(count) < 0.1, 2] = np.nan
    return Rows(codes, left, LEVELS, DIRECTIONS)


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_candidate_ranks_keeps_directions_adds_up_and_comes_back(name: str) -> None:
    learn, ask = rows(), rows(600, seed=2)
    model = CANDIDATES[name]().fit(learn.codes, learn.left, LEVELS, DIRECTIONS, 7)
    log_odds = model.log_odds(ask.codes)
    assert roc_auc_score(ask.left, log_odds) > 0.77

    parts = model.parts(ask.codes)
    assert parts.shape == ask.codes.shape
    rest = log_odds - parts.sum(axis=1)
    assert np.ptp(rest) < 0.05 * np.ptp(log_odds)  # a constant; exact but for the network's integral
    assert np.abs(parts[:, 3]).max() == 0  # the constant column

    for column, direction in ((0, 1), (1, -1)):
        grid = np.repeat(ask.codes[:40], 30, axis=0)
        known = np.nan_to_num(learn.codes[:, column])
        grid[:, column] = np.tile(np.linspace(known.min(), known.max(), 30), 40)
        steps = np.diff(model.log_odds(grid).reshape(40, 30), axis=1)
        assert (direction * steps).min() >= -1e-9

    parameters, arrays = model.parameters()
    again = KINDS[model.kind].restore(parameters, arrays)
    np.testing.assert_array_equal(again.log_odds(ask.codes), log_odds)
    assert len(model.log_odds(ask.codes[:0])) == 0 and model.parts(ask.codes[:0]).shape == (0, 4)


@pytest.mark.parametrize("levels", [(0, 0, 0, 0), (0, 0, 12, 0)])
@pytest.mark.parametrize("name", ["shallow boosting", "forest", "deep boosting"])
def test_trees_give_many_rows_the_parts_that_they_give_a_few(name: str, levels: tuple[int, ...]) -> None:
    learn, ask = rows(), rows(1_500, seed=2)
    if any(levels):  # several of a dozen categories go one way; 13 was not there to learn from
        for each in (learn, ask):
            each.codes[:, 2] = each.codes[:, 2] * 4 + np.arange(len(each.codes)) % 4
        ask.codes[::11, 2] = 13.0
    for column in (1, 3):  # also gaps where there were none to learn from
        ask.codes[::7, column] = np.nan
    model = CANDIDATES[name]().fit(learn.codes, learn.left, levels, DIRECTIONS, 7)
    few = np.concatenate([model.parts(ask.codes[start : start + 500]) for start in (0, 500, 1000)])
    many = model.parts(ask.codes)
    np.testing.assert_allclose(many, few, atol=1e-5)
    assert not np.array_equal(many, few)  # else the quick way was not taken


def test_an_encoding_reads_gaps_levels_and_ramps() -> None:
    codes: Floats = np.array([[0.0, 0], [1, 1], [2, np.nan]] * 20, dtype=np.float64)
    encoding = Encoding.fit(codes, (0, 2))
    dense = encoding.dense(np.array([[1.0, 1], [9.0, np.nan], [np.nan, 7]]))
    names = dict(zip(("trend", "first", "second", "zero", "one", "gap"), dense.T, strict=True))
    assert names["first"].tolist() == pytest.approx([1, 1, 2 / 3])
    assert names["second"].tolist() == pytest.approx([0, 1, 1 / 3])
    assert names["zero"].tolist() == [0, 0, 0] and names["one"].tolist() == [1, 0, 0]
    assert names["gap"].tolist() == [0, 1, 0]
    assert names["trend"][0] == names["trend"][2] == 0 and names["trend"][1] == pytest.approx(np.sqrt(1.5))


def test_the_rule_takes_the_simplest_that_is_as_good() -> None:
    """The data are linear: nothing beats the logistic regression, so nothing less simple may serve."""
    plan = Plan(repeats=1, folds=4, candidates={name: CANDIDATES[name] for name in ("logistic", "shallow boosting")})
    random = np.random.default_rng(4)
    codes = random.normal(size=(1500, 3))
    linear = Rows(codes, random.random(1500) < 1 / (1 + np.exp(-codes.sum(axis=1))), (0,) * 3, (0,) * 3)
    assert compare(linear, plan).chosen == "logistic"
    chance = np.where((codes[:, 0] > 0) ^ (codes[:, 1] > 0), 0.8, 0.2)  # which no sum of columns can tell
    crossed = compare(Rows(codes, random.random(1500) < chance, (0,) * 3, (0,) * 3), plan)
    assert crossed.chosen in ("shallow boosting", BLEND)
    assert crossed.scores["shallow boosting"]["auc"] > crossed.scores["logistic"]["auc"] + 0.1


def test_a_customer_is_in_one_fold_only() -> None:
    """Each customer has four rows and one outcome that nothing else tells: whoever sees it in two folds knows."""
    random = np.random.default_rng(5)
    codes = np.repeat(random.normal(size=(300, 2)), 4, axis=0)
    left = np.repeat(random.random(300) < 0.5, 4)
    plan = Plan(repeats=1, folds=4, candidates={"deep boosting": CANDIDATES["deep boosting"]})
    apart = compare(Rows(codes, left, (0, 0), (0, 0), np.repeat(np.arange(300), 4)), plan)
    mixed = compare(Rows(codes, left, (0, 0), (0, 0)), plan)
    assert apart.scores["deep boosting"]["auc"] < 0.6 < 0.75 < mixed.scores["deep boosting"]["auc"]

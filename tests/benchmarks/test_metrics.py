"""The figures of the understanding suites, on cases small enough to be worked out by hand."""

from __future__ import annotations

import math

import pytest

from benchmarks import metrics


def test_accuracy_counts_no_answer_as_wrong() -> None:
    assert metrics.accuracy(["a", None, "b", "c"], ["a", "a", "b", "b"]) == 0.5


def test_coverage_and_size_of_sets() -> None:
    sets = [["a"], ["a", "b", "c"], ["b"], ["c", "a"]]
    assert metrics.coverage(sets, ["a", "c", "a", "c"]) == 0.75
    assert metrics.mean_size(sets) == 1.75


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    # Ten bins: 0.85 and 0.85 (one right: 0.5) and 0.35, 0.35 (none right): half of 0.35 and half of 0.35.
    assert metrics.calibration_error([0.85, 0.85, 0.35, 0.35], [True, False, False, False], bins=10) == pytest.approx(
        0.35
    )
    # A mean confidence of 0.7 and seven of ten right.
    assert metrics.calibration_error([0.7] * 10, [True] * 7 + [False] * 3) == pytest.approx(0.0)
    # Full confidence belongs to the last bin.
    assert metrics.calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    # Pairs (inside, outside): 0.1<0.3, 0.1<0.5, 0.4>0.3, 0.4<0.5: three of four.
    assert metrics.auroc([0.1, 0.4], [0.3, 0.5]) == 0.75
    assert metrics.auroc([0.2], [0.2]) == 0.5


def test_aupr_is_the_mean_precision_at_each_foreign_message() -> None:
    # From the top: foreign 0.9 (1 of 1), inside 0.5, foreign 0.4 (2 of 3).
    assert metrics.aupr([0.5], [0.9, 0.4]) == pytest.approx((1 + 2 / 3) / 2)


def test_the_threshold_lets_95_of_100_pass() -> None:
    inside = [number / 100 for number in range(1, 101)]
    # 95 pass up to 0.95 or 0.96, depending on how ties are cut; 0.5 and 0.94 pass, 0.97 and 2.0 do not.
    assert metrics.fpr_at_95_tpr(inside, [0.5, 0.94, 0.97, 2.0]) == 0.5


def test_more_than_95_percent_in_scope_never_fail_to_pass() -> None:
    assert metrics.fpr_at_95_tpr([0.0] * 10, [0.0, 1.0]) == 0.5


def test_the_strictest_threshold_that_keeps_the_accuracy() -> None:
    scores, right = [0.1, 0.2, 0.3, 0.4, 0.9], [True, True, False, True, True]
    # Three of five must pass and be right: up to 0.4; four: up to 0.9; five are not there.
    assert metrics.threshold_keeping(0.6, scores, right) == 0.4
    assert metrics.threshold_keeping(0.8, scores, right) == 0.9
    assert metrics.threshold_keeping(0.81, scores, right) is None


def test_a_threshold_exactly_at_a_share_is_not_lost_to_rounding() -> None:
    # 0.96 * 25 is 24 in the book and a little more in the machine.
    scores = [float(number) for number in range(25)]
    assert metrics.threshold_keeping(0.96, scores, [True] * 25) == 23.0


def test_refusal_counts_what_is_passed_and_right() -> None:
    found = metrics.refusal(0.4, [0.1, 0.4, 0.5, 0.3], [True, True, True, False], [0.4, 0.41, math.inf, 0.0])
    assert found.accuracy == 0.5
    assert found.recall == 0.5

"""Known answers: probabilities that were made wrong by a known temperature, and coverage by its definition."""

from __future__ import annotations

import numpy as np
import pytest

from bot.nlu.calibration import (
    calibration_error,
    cross_check,
    fit_temperature,
    least_probability,
    prediction_sets,
    softmax,
)


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is the true distribution of the targets."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, 8))
    targets = np.array([rng.choice(8, p=row) for row in softmax(logits)])
    return logits, targets


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_a_known_temperature_is_recovered(true: float) -> None:
    logits, targets = drawn(4_000, 1)
    assert fit_temperature(logits * true, targets) == pytest.approx(true, rel=0.1)


def test_calibrated_probabilities_hold() -> None:
    logits, targets = drawn(4_000, 2)
    probabilities = softmax(logits)
    right = probabilities.argmax(1) == targets
    assert calibration_error(probabilities.max(1), right) < 0.03
    assert calibration_error(softmax(logits * 4).max(1), right) > 0.1


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_cover_new_rows_as_often_as_asked(coverage: float) -> None:
    logits, targets = drawn(1_000, 3)
    least = least_probability(softmax(logits), targets, coverage)
    fresh, truth = drawn(20_000, 4)
    members = prediction_sets(softmax(fresh), least)
    assert members[np.arange(len(truth)), truth].mean() == pytest.approx(coverage, abs=0.03)


def test_least_probability_by_hand() -> None:
    # Scores 0.1, 0.2, 0.3, 0.4: the third of four smallest at (4 + 1) * 0.6 = 3.
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    assert least_probability(probabilities, np.zeros(4, int), 0.6) == pytest.approx(0.7)
    # Too few rows to promise 95 %: everything belongs to the set.
    assert least_probability(probabilities, np.zeros(4, int), 0.95) == 0.0


def test_a_set_is_never_empty() -> None:
    members = prediction_sets(np.array([[0.3, 0.4, 0.3]]), least=0.9)
    assert members.tolist() == [[False, True, False]]


def test_cross_check_reports_what_new_rows_show() -> None:
    logits, targets = drawn(2_000, 5)
    checked = cross_check(logits, targets, 0.9, folds=5, seed=0)
    assert checked.coverage == pytest.approx(0.9, abs=0.03)
    assert checked.accuracy == pytest.approx((logits.argmax(1) == targets).mean())


@pytest.mark.parametrize("coverage", [0.0, 1.0, 1.5])
def test_impossible_coverage_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match="coverage"):
        least_probability(np.array([[0.5, 0.5]]), np.array([0]), coverage)

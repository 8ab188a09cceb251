"""Values of policies from a log: known ones are recovered, intervals cover, and too little overlap is said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from crm_models.next_action.off_policy import Evaluation, LoggedDecisions, evaluate, overlap

ACTIONS = 3
Floats = NDArray[np.float64]


def situations(rows: int, random: np.random.Generator) -> Floats:
    return random.normal(size=(rows, 2))


def expected(context: Floats) -> Floats:
    """Cents of each action: the second is good where the first column is high, the third costs."""
    return np.column_stack(
        [np.full(len(context), 300.0), 300.0 + 200.0 * context[:, 0], 250.0 + 30.0 * context[:, 1] ** 2]
    )


def logging(context: Floats) -> Floats:
    """Takes the second action where it is bad: who reads the log without weights is misled."""
    second = np.where(context[:, 0] < 0, 0.6, 0.2)
    return np.column_stack([0.9 - second, second, np.full(len(context), 0.1)])


def target(context: Floats) -> Floats:
    best = (context[:, 0] > 0).astype(float)
    return np.column_stack([1.0 - best, best, np.zeros(len(context))])


def a_log(random: np.random.Generator, rows: int = 1500, each: int = 1) -> tuple[LoggedDecisions, Floats]:
    """Decisions of `rows / each` customers, who spend more or less in all of theirs; and the target's chances."""
    context = situations(rows, random)
    chance = logging(context)
    action = (random.random(rows)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    customer = np.arange(rows) // each
    of_customer = random.normal(0, 150, customer.max() + 1)[customer]
    reward = expected(context)[np.arange(rows), action] + of_customer + random.normal(0, 200, rows)
    return LoggedDecisions(reward, action, chance, context, customer), target(context)


def truth() -> float:
    context = situations(400_000, np.random.default_rng(99))
    return float((target(context) * expected(context)).sum(axis=1).mean())


@pytest.fixture(scope="module")
def found() -> list[Evaluation]:
    return [evaluate(*a_log(np.random.default_rng(seed))) for seed in range(200)]


@pytest.mark.parametrize("name", ["ips", "snips", "doubly_robust"])
def test_every_estimator_is_near_the_truth_and_its_interval_covers_it(found: list[Evaluation], name: str) -> None:
    value, estimates = truth(), [getattr(each, name) for each in found]
    assert np.mean([each.value for each in estimates]) == pytest.approx(value, abs=4.0)
    covered = np.mean([each.low <= value <= each.high for each in estimates])
    assert 0.91 <= covered <= 0.99


def test_reading_the_log_without_weights_misleads(found: list[Evaluation]) -> None:
    matched = [each.matched for each in found if each.matched is not None]
    assert abs(np.mean(matched) - truth()) > 10.0


def test_a_model_of_the_outcomes_makes_the_estimate_surer(found: list[Evaluation]) -> None:
    def spread(name: str) -> float:
        return float(np.std([getattr(each, name).value for each in found]))

    assert spread("doubly_robust") < spread("snips") < spread("ips")
    assert np.mean([each.doubly_robust.error for each in found]) == pytest.approx(spread("doubly_robust"), rel=0.2)


def test_decisions_of_one_customer_count_as_related() -> None:
    value = truth()
    many = [evaluate(*a_log(np.random.default_rng(seed), 1500, each=10)) for seed in range(150)]
    covered = np.mean([each.doubly_robust.low <= value <= each.doubly_robust.high for each in many])
    assert 0.89 <= covered <= 0.99


def test_the_logging_policy_has_its_own_mean_and_no_gain() -> None:
    log, _ = a_log(np.random.default_rng(5))
    same = evaluate(log, log.chance)
    assert same.ips.value == pytest.approx(log.reward.mean()) and same.overlap.effective == pytest.approx(len(log))
    assert same.gain.low < 0 < same.gain.high
    assert same.overlap.refusal is None


def test_what_was_never_tried_is_refused() -> None:
    log, _ = a_log(np.random.default_rng(5))
    chance = log.chance.copy()
    chance[:, 0] += chance[:, 2]
    chance[:, 2] = 0.0
    log = LoggedDecisions(log.reward, np.where(log.action == 2, 0, log.action), chance, log.context, log.customer)
    new = np.zeros_like(chance)
    new[:, 2] = 1.0
    refusal = overlap(log, new).refusal
    assert refusal is not None and "100%" in refusal and "never tried" in refusal and "experiment" in refusal


def test_too_few_decisions_that_agree_are_refused() -> None:
    log, wanted = a_log(np.random.default_rng(5), rows=120)
    refusal = overlap(log, wanted).refusal
    assert refusal is not None and "120 logged decisions" in refusal and "100 are needed" in refusal


def test_chances_that_were_not_those_of_the_log_are_noticed() -> None:
    log, wanted = a_log(np.random.default_rng(5))
    wrong = log.chance.copy()
    wrong[:] = (0.1, 0.8, 0.1)
    refusal = overlap(LoggedDecisions(log.reward, log.action, wrong, log.context, log.customer), wanted).refusal
    assert refusal is not None and "should have 1" in refusal


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reward": np.full(1500, np.nan)}, "finite"),
        ({"chance": np.full((1500, 3), 0.5)}, "sum to 1"),
        ({"chance": np.tile([1.0, 0.0, 0.0], (1500, 1))}, "no chance"),
        ({"customer": np.zeros(3, dtype=int)}, "Every decision"),
    ],
)
def test_a_log_that_makes_no_sense_is_refused(change: dict[str, Floats], said: str) -> None:
    log, _ = a_log(np.random.default_rng(5))
    with pytest.raises(ValueError, match=said):
        LoggedDecisions(**{**vars(log), **change})  # type: ignore[arg-type]


def test_chances_of_the_other_policy_must_fit_the_log() -> None:
    log, wanted = a_log(np.random.default_rng(5))
    with pytest.raises(ValueError, match="sum to 1"):
        evaluate(log, wanted[:, :2])

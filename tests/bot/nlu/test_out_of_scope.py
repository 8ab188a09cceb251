"""Invented messages whose strangeness is known: near the examples, between them, and far away."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bot.nlu.out_of_scope import FEWEST_FOREIGN, MOST_EXAMPLES, KnownGround, learn_ground, learn_score

WIDTH, INTENTS = 24, 6
CENTRES = 4 * np.eye(INTENTS, WIDTH)
# What the classifier would say: the nearer the centre, the larger the logit.
WEIGHTS = CENTRES.T.astype(np.float32)


def drawn(rng: np.random.Generator, count: int) -> tuple[np.ndarray, list[str]]:
    numbers = rng.integers(INTENTS, size=count)
    rows = CENTRES[numbers] + rng.normal(0, 0.6, (count, WIDTH))
    return rows.astype(np.float32), [f"intent {number}" for number in numbers]


def foreign(rng: np.random.Generator, count: int) -> np.ndarray:
    """In directions that no intent has."""
    rows = rng.normal(0, 0.6, (count, WIDTH))
    rows[:, INTENTS:] += 2.0
    return rows.astype(np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def signals(ground: KnownGround, rows: np.ndarray) -> np.ndarray:
    return ground.signals(rows, unit(rows), rows @ WEIGHTS, None)


@pytest.fixture(scope="module")
def ground() -> KnownGround:
    rows, labels = drawn(np.random.default_rng(1), 400)
    return learn_ground(rows, unit(rows), labels, seed=7)


def test_each_signal_tells_the_foreign_from_the_known(ground: KnownGround) -> None:
    rng = np.random.default_rng(2)
    known, strange = signals(ground, drawn(rng, 200)[0]), signals(ground, foreign(rng, 200))
    truth = np.repeat([0, 1], 200)
    for column in range(3):
        assert roc_auc_score(truth, np.concatenate([known, strange])[:, column]) > 0.95


@pytest.mark.parametrize("taught", [0, 60])
def test_the_score_refuses_no_more_of_the_known_than_asked_and_most_of_the_foreign(
    ground: KnownGround, taught: int
) -> None:
    rng = np.random.default_rng(3)
    score = learn_score(signals(ground, drawn(rng, 500)[0]), signals(ground, foreign(rng, taught)), 0.03)
    known, strange = score.of(signals(ground, drawn(rng, 2_000)[0])), score.of(signals(ground, foreign(rng, 500)))
    assert (known > score.limit).mean() < 0.06
    assert (strange > score.limit).mean() > 0.95
    assert (score.weights >= 0).all()


def test_too_few_foreign_examples_teach_nothing(ground: KnownGround) -> None:
    rng = np.random.default_rng(4)
    known = signals(ground, drawn(rng, 100)[0])
    few = learn_score(known, signals(ground, foreign(rng, FEWEST_FOREIGN - 1)), 0.03)
    assert (few.weights == learn_score(known, np.zeros((0, 4)), 0.03).weights).all()


def test_intents_of_few_examples_are_asked_for_a_nearer_neighbour() -> None:
    rng = np.random.default_rng(5)
    few, many = drawn(rng, 5 * INTENTS), drawn(rng, MOST_EXAMPLES + 500)
    assert learn_ground(few[0], unit(few[0]), few[1], seed=1).neighbours == 1
    learned = learn_ground(many[0], unit(many[0]), many[1], seed=1)
    assert learned.neighbours == 5 and len(learned.examples) == MOST_EXAMPLES


def test_an_impossible_share_is_refused(ground: KnownGround) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\), not 1"):
        learn_score(np.zeros((3, 4)), np.zeros((0, 4)), 1.0)

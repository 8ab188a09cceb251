"""The classifier on invented features whose intents are known, and the rule that decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE, DecisionRule, Likely
from bot.nlu.errors import TrainingDataError
from bot.nlu.intent_model import Examples, IntentModel, LearnSettings, Report, learn
from bot.nlu.split import held_out_mask, without_duplicates

WIDTH = 16


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def learned() -> tuple[IntentModel, Report]:
    rng = np.random.default_rng(0)
    names = ["greet", "order_status", "return_items", OUT_OF_SCOPE]
    labels = [name for name in names for _ in range(60)]
    centres = np.eye(len(names), WIDTH) * 3
    rows = np.repeat(centres, 60, axis=0) + rng.normal(0, 0.6, (len(labels), WIDTH))
    features, embedding = rows.astype(np.float32), unit(rows)
    held = held_out_mask(labels, 0.3, 1)
    return learn(Examples(labels, features, embedding, features, embedding, held), LearnSettings(), DecisionRule())


def test_clear_messages_are_acted_on(learned: tuple[IntentModel, Report]) -> None:
    model, report = learned
    centre = np.eye(4, WIDTH, dtype=np.float32)[1] * 3
    understood = model.understand(centre, unit(centre[None])[0])
    assert understood.ranking[0].name == "order_status" and not understood.refused
    assert sum(each.confidence for each in understood.ranking) == pytest.approx(1.0)
    assert report.accuracy > 0.95 and report.coverage > 0.9
    assert report.refused_in_scope <= 0.03 + 1e-9


def test_what_is_far_from_everything_is_refused(learned: tuple[IntentModel, Report]) -> None:
    far = -np.eye(4, WIDTH, dtype=np.float32).sum(0)
    assert learned[0].understand(far, unit(far[None])[0]).refused


def test_saved_and_loaded_it_says_the_same(learned: tuple[IntentModel, Report], tmp_path: Path) -> None:
    model = learned[0]
    model.save(tmp_path)
    features = np.linspace(-1, 1, WIDTH, dtype=np.float32)
    embedding = unit(features[None])[0]
    assert IntentModel.load(tmp_path).understand(features, embedding) == model.understand(features, embedding)


def likely(*pairs: tuple[str, float]) -> list[Likely]:
    return [Likely(name, confidence) for name, confidence in pairs]


@pytest.mark.parametrize(
    ("intent_set", "refused", "decided"),
    [
        (likely(("a", 0.6)), False, "a"),
        (likely(("a", 0.6), ("b", 0.3)), False, AMBIGUOUS),
        (likely(("a", 0.6), ("inform", 0.3)), False, "a"),
        (likely(("a", 0.4), ("b", 0.3), ("c", 0.2)), False, AMBIGUOUS),
        (likely(("a", 0.3), ("b", 0.3), ("c", 0.2), ("d", 0.1)), False, UNSURE),
        (likely(("a", 0.5), ("b", 0.2), ("c", 0.2), ("d", 0.1)), False, AMBIGUOUS),
        (likely(("a", 0.85), ("b", 0.1)), False, "a"),
        (likely(("a", 0.99)), True, UNSURE),
        (likely((OUT_OF_SCOPE, 0.6)), True, OUT_OF_SCOPE),
        (likely((OUT_OF_SCOPE, 0.5), ("a", 0.4)), False, UNSURE),
        (likely(("a", 0.5), (OUT_OF_SCOPE, 0.4)), False, AMBIGUOUS),
    ],
)
def test_the_rule(intent_set: list[Likely], refused: bool, decided: str) -> None:
    assert DecisionRule().decide(intent_set, refused).name == decided


def test_what_changes_nothing_is_done_at_a_lower_probability() -> None:
    rule = DecisionRule(harmless=("order_status",))
    looked_up = [Likely("order_status", 0.75), Likely("cancel_order", 0.2)]
    changing = [Likely("cancel_order", 0.75), Likely("order_status", 0.2)]
    assert rule.decide(looked_up, refused=False).name == "order_status"
    assert rule.decide(changing, refused=False).name == AMBIGUOUS
    assert rule.decide([Likely("order_status", 0.65), Likely("cancel_order", 0.2)], refused=False).name == AMBIGUOUS


def test_held_out_rows_are_a_share_of_each_intent() -> None:
    labels = ["a"] * 10 + ["b"] * 20 + ["rare"] * 2
    mask = held_out_mask(labels, 0.2, seed=3)
    assert [int(mask[np.array(labels) == name].sum()) for name in ("a", "b", "rare")] == [2, 4, 0]
    assert (mask == held_out_mask(labels, 0.2, seed=3)).all()


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(TrainingDataError, match="intent"):
        held_out_mask(["a"] * 10, 0.2, 0)
    with pytest.raises(TrainingDataError, match="5 examples"):
        held_out_mask(["a", "b"], 0.2, 0)


def test_a_text_counts_once_with_the_label_it_mostly_has() -> None:
    texts, labels = without_duplicates(["Hi", "hi ", "hi", "bye"], ["a", "b", "b", "c"])
    assert texts == ["Hi", "bye"] and labels == ["b", "c"]

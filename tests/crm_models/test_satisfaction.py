"""Satisfaction of conversations: parts that sum, good and bad ones told apart, ratings learned from."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from crm_models import tables
from crm_models.errors import BadTable
from crm_models.model_files import read_card
from crm_models.satisfaction.model import SatisfactionModel, best_threshold
from crm_models.satisfaction.scoring import satisfaction_of, score_conversations
from crm_models.satisfaction.signals import SIGNALS, signals_of
from crm_models.satisfaction.training import FEWEST, train_satisfaction
from crm_models.satisfaction.turns import Conversation, Turn
from crm_models.scoring import score_all
from crm_models.train import train_all
from crm_models.training import Trainer, TrainingContext

NOW = datetime(2026, 11, 1)
GOOD = [
    ("customer", "Where is my order HV-105001?", 0.0),
    ("bot", "It is out for delivery and arrives today.", None),
    ("customer", "Great, thank you!", 0.8),
]
BAD = [
    ("customer", "Where is my order HV-105001?", -0.2),
    ("bot", "Sorry, I did not find that.", None),
    ("customer", "No, where is my order HV-105001?", -0.6),
    ("bot", "Sorry, I don't understand. What do you mean?", None),
    ("customer", "This is useless, not again", -0.9),
]


def conversation(said: list[tuple[str, str, float | None]], name: str = "web-1") -> Conversation:
    turns = [
        Turn(author, text, mood, None, NOW - timedelta(minutes=60 - place))
        for place, (author, text, mood) in enumerate(said)
    ]
    return Conversation(name, tuple(turns))


def write(engine: Engine, said: list[tuple[str, str, float | None]], name: str, rating: int | None = None) -> None:
    rows = [
        {
            "event_id": f"{name}-{place}",
            "conversation_id": name,
            "author": author,
            "text": text,
            "sentiment": mood,
            "created_at": NOW - timedelta(minutes=90 - place),
        }
        for place, (author, text, mood) in enumerate(said)
    ]
    with engine.begin() as connection:
        connection.execute(insert(tables.messages), rows)
        if rating is not None:
            connection.execute(insert(tables.feedback).values(conversation_id=name, rating=rating, created_at=NOW))


@pytest.mark.parametrize("said", [GOOD, BAD, BAD * 6, GOOD[:1]], ids=["good", "bad", "very bad", "one message"])
def test_base_and_parts_sum_to_the_score(said: list[tuple[str, str, float | None]]) -> None:
    found = SatisfactionModel.shipped().satisfaction_of(conversation(said))
    assert found.base + sum(found.parts.values()) == pytest.approx(found.score)
    assert 1.0 <= found.score <= 5.0
    assert set(found.parts) <= set(SIGNALS)
    assert len(found.turns) == sum(author == "customer" for author, *_ in said)
    assert found.turns[-1] == pytest.approx(found.score)


def test_parts_are_shortened_where_the_scale_ends() -> None:
    model = SatisfactionModel()
    model.base, model.weights = 3.0, {"dislike": -5.0, "thanks": 1.0}
    found = model.satisfaction_of(conversation([("customer", "useless, thanks", None)]))
    assert found.score == pytest.approx(1.0)
    assert dict(found.parts) == pytest.approx({"dislike": -2.5, "thanks": 0.5})


def test_a_good_conversation_scores_above_a_bad_one_and_says_why() -> None:
    model = SatisfactionModel.shipped()
    good, bad = (model.satisfaction_of(conversation(said)) for said in (GOOD, BAD))
    assert good.score > bad.score + 0.5
    assert good.parts["thanks"] > 0 > bad.parts["corrections"]
    assert bad.turns[0] > bad.turns[-1]
    assert any(reason.startswith("mood:-") for reason in bad.reasons)


def test_signals_are_what_they_say() -> None:
    found = signals_of(conversation(BAD))
    assert found["repetition"] > 0 and found["refusals"] > 1 and found["dislike"] == 1
    assert found["thanks"] == found["escalation"] == found["unresolved"] == found["waiting"] == 0
    assert found["mood"] < -0.5 and found["length"] == pytest.approx(np.log(4))
    assert signals_of(conversation(BAD), 1)["refusals"] == 0, "what comes later is not known yet"
    again = conversation(BAD)
    known = Conversation("web-1", again.turns, escalated_at=(NOW,), unanswered_at=(NOW - timedelta(minutes=59),))
    assert signals_of(known)["escalation"] == 0, "after the last turn"
    assert signals_of(known)["unresolved"] > 0


def test_weights_that_are_known_are_recovered() -> None:
    random = np.random.default_rng(1)
    signals = random.random((4000, len(SIGNALS)))
    true = dict(zip(SIGNALS, random.normal(0, 0.3, len(SIGNALS)), strict=True))
    ratings = np.clip(3.0 + signals @ np.array(list(true.values())) + random.normal(0, 0.1, 4000), 1, 5)
    model = SatisfactionModel().fit(signals, ratings)
    assert model.weights == pytest.approx(true, abs=0.03)


def test_the_threshold_has_the_best_f1() -> None:
    scores, low = np.array([1.0, 2.0, 2.5, 3.0, 4.0]), np.array([True, True, False, True, False])
    f1 = lambda cut: 2 * (low & (scores < cut)).sum() / ((scores < cut).sum() + low.sum())  # noqa: E731
    assert f1(best_threshold(scores, low)) == max(f1(cut) for cut in (1.5, 2.2, 2.7, 3.5, 4.5))


def test_a_shop_with_few_ratings_gets_the_shipped_weights_compared_with_them(engine: Engine, tmp_path: Path) -> None:
    for number in range(30):
        write(engine, GOOD if number % 2 else BAD, f"web-{number}", 5 if number % 2 else 1)
    model = train_satisfaction(TrainingContext(engine, NOW, tmp_path))
    assert model.weights == SatisfactionModel.shipped().weights
    assert model.card is not None and model.card.metrics["rated"] == 30
    assert model.card.metrics["spearman"] > 0.9
    assert str(FEWEST) in model.card.measured_on


def test_ratings_are_learned_from_where_there_are_enough(engine: Engine, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    for number in range(FEWEST + 20):
        thanked = bool(random.random() < 0.5)
        said = [("customer", "Thanks!" if thanked else "Okay.", None), ("bot", "Anything else?", None)]
        write(engine, said, f"web-{number}", 5 if thanked else 2)  # here only thanks count
    model = train_satisfaction(TrainingContext(engine, NOW, tmp_path))
    assert max(model.weights, key=lambda name: abs(model.weights[name])) == "thanks"
    assert model.card is not None
    assert model.card.metrics["mean_error"] < 0.2 < model.card.metrics["mean_error_shipped"]
    model.save(tmp_path / "satisfaction")
    loaded = SatisfactionModel.load(tmp_path / "satisfaction")
    assert (loaded.weights, loaded.base, loaded.version) == (model.weights, model.base, model.version)
    assert read_card(tmp_path / "satisfaction") == model.card


def test_conversations_that_ended_are_scored_once_and_again_when_they_go_on(engine: Engine) -> None:
    model = SatisfactionModel.shipped()
    write(engine, GOOD, "web-1")
    write(engine, BAD, "web-2")
    assert score_conversations(engine, model, NOW) == 2
    assert score_conversations(engine, model, NOW) == 0
    with engine.begin() as connection:
        rows = {row.conversation_id: row for row in connection.execute(select(tables.satisfaction))}
        told = satisfaction_of(connection, "web-2")
        assert satisfaction_of(connection, "nobody") is None
        connection.execute(
            insert(tables.messages).values(
                event_id="late",
                conversation_id="web-1",
                author="customer",
                text="hm",
                created_at=NOW + timedelta(minutes=5),
            )
        )
    assert told is not None and told.score == pytest.approx(rows["web-2"].score)
    assert rows["web-2"].base + sum(rows["web-2"].parts.values()) == pytest.approx(rows["web-2"].score)
    assert rows["web-1"].score > rows["web-2"].score
    assert score_conversations(engine, model, NOW + timedelta(minutes=10)) == 0, "it may still be going on"
    assert score_conversations(engine, model, NOW + timedelta(hours=1)) == 1


def test_bad_ratings_are_refused() -> None:
    signals = np.zeros((30, len(SIGNALS)))
    with pytest.raises(BadTable, match="between 1 and 5"):
        SatisfactionModel().fit(signals, np.full(30, 6.0))
    with pytest.raises(BadTable, match="20 rated"):
        SatisfactionModel().fit(signals[:5], np.full(5, 3.0))


def test_scoring_the_customers_scores_their_conversations_too(engine: Engine, tmp_path: Path) -> None:
    write(engine, BAD, "web-2")
    train_all(engine, tmp_path, NOW, trainers=(Trainer("satisfaction", train_satisfaction),))
    score_all(engine, tmp_path, NOW)
    with engine.begin() as connection:
        (row,) = connection.execute(select(tables.satisfaction)).all()
    assert row.model_version == "satisfaction-20261101-000000"
    assert row.score < 3

"""From answers that helped to what the search learns: counted, listed, taken back, and nothing personal in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from bot.cli import bot_training, prepare
from bot.cli.answer_pairs import answer_pairs
from bot.cli.bot_training import is_bot_trained, learnt_from, train_bot
from bot.cli.config import Config, read_config
from bot.nlu.pairs import Pair, read_pairs
from crm_models.tables import conversations, customers, messages
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore

DAY = datetime(2026, 11, 3, 10)
ARTICLE = "# Returning an item\n\nYou have 30 days after delivery to return an item. The label comes by e-mail.\n"
TEXT = "You have 30 days after delivery to return an item. The label comes by e-mail."


@pytest.fixture
def config(home: Path) -> Config:
    return read_config(home=home)


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    opened = prepare.open_database(config)
    yield opened
    opened.dispose()


@pytest.fixture
def store(config: Config, tmp_path: Path, engine: Engine) -> Iterator[KnowledgeStore]:
    (tmp_path / "returns.md").write_text(ARTICLE, encoding="utf-8")
    opened = KnowledgeStore(config.knowledge.database)
    ingest_path(opened, tmp_path / "returns.md")
    yield opened
    opened.close()


def talk(engine: Engine, store: KnowledgeStore, number: int, question: str) -> str:
    """A conversation in which the article answered and the customer thanked; returns the answer's event."""
    (passage,) = store.list_passages()
    rows: list[dict[str, Any]] = [
        {
            "author": "customer",
            "text": question,
            "intent": "ask_returns",
            "intent_set": [{"name": "x", "confidence": 1}],
        },
        {"author": "bot", "text": TEXT, "response": "utter_answer_answered", "passages": [passage.passage_id]},
        {
            "author": "customer",
            "text": "thanks!",
            "intent": "thanks",
            "intent_set": [{"name": "thanks", "confidence": 1}],
        },
    ]
    shared = {"intent": None, "intent_set": None, "response": None, "passages": None}
    with engine.begin() as connection:
        for place, row in enumerate(rows):
            event = {"event_id": f"{number}-{place}", "conversation_id": f"web-{number}"}
            when = {"created_at": DAY + timedelta(minutes=place)}
            connection.execute(insert(messages).values({**shared, **event, **when, **row}))
    return f"{number}-1"


def test_an_answer_that_helped_becomes_a_pair(engine: Engine, store: KnowledgeStore) -> None:
    talk(engine, store, 1, "how long can I give a kettle back")
    found = answer_pairs(engine, store)
    assert found.texts == [("how long can I give a kettle back", TEXT)]


def test_a_question_with_something_personal_in_it_is_not_learnt_from(engine: Engine, store: KnowledgeStore) -> None:
    with engine.begin() as connection:
        row = {"customer_id": "C-1", "first_name": "Ida", "last_name": "Holm", "email": "ida@example.com"}
        connection.execute(insert(customers).values({**row, "tier": "basic", "created_at": DAY, "country": "DE"}))
        talked = {"conversation_id": "web-4", "customer_id": "C-1", "started_at": DAY}
        connection.execute(insert(conversations).values(talked))
    for number, question in enumerate(
        (
            "can I return HV-104233 to your shop",
            "how do I return it, my address is ida@example.com",
            "my name is Zebulonia, how long can I return an item",
            "ida here, how long can I return an item",
        ),
        1,
    ):
        talk(engine, store, number, question)
    talk(engine, store, 9, "and for that one?")
    found = answer_pairs(engine, store)
    assert found.texts == []
    assert found.left_out == {"something in it may be personal": 4, "the question does not stand alone": 1}


def test_an_article_that_has_changed_since_takes_its_pairs_along(
    engine: Engine, store: KnowledgeStore, tmp_path: Path
) -> None:
    talk(engine, store, 1, "how long can I give a kettle back")
    (tmp_path / "returns.md").write_text(ARTICLE.replace("30", "45"), encoding="utf-8")
    ingest_path(store, tmp_path / "returns.md")
    assert answer_pairs(engine, store).left_out == {"the article has changed since": 1}


def test_pairs_are_listed_and_taken_back(engine: Engine, store: KnowledgeStore, rapport: Callable[..., Any]) -> None:
    event = talk(engine, store, 1, "how long can I give a kettle back")
    listed = rapport("kb", "pairs", "list")
    assert listed.code == 0 and event in listed.said and "how long can I give a kettle back" in listed.said
    assert "answers that helped: thanked" in listed.said and "articles" in listed.said
    assert TEXT in listed.said  # what is judged
    for name in ("nothing", "1-0"):  # neither is an answer: the latter is the customer's question
        unknown = rapport("kb", "pairs", "take-back", name)
        assert unknown.code != 0 and f"There is no answer {name}" in unknown.complained + unknown.said
    assert rapport("kb", "pairs", "take-back", event, "--because", "wrong").code == 0
    assert answer_pairs(engine, store).texts == []


def test_training_is_given_the_pairs_and_is_due_when_there_are_others(
    engine: Engine, store: KnowledgeStore, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(engine, store, 1, "how long can I give a kettle back")

    def rasa(command: list[str], environment: dict[str, str], log: Path, step: Any) -> int:
        (config.models / command[command.index("--fixed-model-name") + 1]).write_bytes(b"a model")
        return 0

    monkeypatch.setattr(bot_training, "_run", rasa)
    first = train_bot(config, None)  # type: ignore[arg-type]
    assert is_bot_trained(config) and is_bot_trained(config, [])
    helped = answer_pairs(engine, store).texts
    # Starting the bot waits for nothing; `rapport train` learns from it.
    assert is_bot_trained(config) and not is_bot_trained(config, helped)
    second = train_bot(config, None, helped)  # type: ignore[arg-type]
    assert is_bot_trained(config, helped) and first.name != second.name
    assert learnt_from(config) == {"answers that helped": 1, "articles": 1, "tickets": 0}
    assert Pair("how long can I give a kettle back", TEXT) in read_pairs(config.home / "pairs")
    line = (config.home / "pairs" / "answers.jsonl").read_text(encoding="utf-8")
    assert set(json.loads(line)) == {"question", "answer"}

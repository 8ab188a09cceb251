"""`rapport ask` with a language model: it says who put the answer into words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import knowledge.embed
from bot.cli.config import Config, read_config
from bot.cli.fingerprints import note_trained
from knowledge.build import build_index
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore
from tests.knowledge.conftest import ARTICLES, FakeEncoder
from tests.knowledge.endpoint import FakeEndpoint

QUESTION = "how many days after delivery may I return an item"


@pytest.fixture
def article(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge.embed, "load_encoder", lambda folder, threads=1: FakeEncoder())
    monkeypatch.setenv("RAPPORT_ANSWER_THRESHOLD", "0.3")
    monkeypatch.setenv("RAPPORT_UNSURE_THRESHOLD", "0.15")
    (tmp_path / "returns.md").write_text(ARTICLES["returns.md"], encoding="utf-8")
    settings = read_config().knowledge
    store = KnowledgeStore(settings.database)
    ingest_path(store, tmp_path / "returns.md")
    store.close()
    build_index(settings, FakeEncoder())


def test_it_answers_what_the_bot_understands(rapport: Any, trained: Config) -> None:
    """A typo is put right as it is in the chat, and the output says so."""
    outcome = rapport("ask", "how mcuh does expres  shippign cost?", "--tier", "gold", "--home", str(trained.home))
    assert outcome.code == 0
    assert outcome.said.startswith('Understood as: "how much does express shipping cost?", ask_delivery (')
    assert "Express (Gold): free." in outcome.said
    assert "There is no trained bot" not in outcome.said


def test_a_model_that_cannot_be_read_is_named(rapport: Any, article: None, home: Path) -> None:
    models = read_config().models
    models.mkdir(parents=True)
    (models / "half.tar.gz").write_bytes(b"half a model")
    note_trained(home, bot={"model": "half.tar.gz"})
    outcome = rapport("ask", QUESTION)
    assert outcome.code != 0
    assert "The bot's model half.tar.gz cannot be used: it cannot be read" in outcome.complained
    assert "`rapport train --force`" in outcome.complained


def test_it_says_that_the_sentences_are_the_articles_own(rapport: Any, article: None) -> None:
    assert "Sentences word for word from the articles." in rapport("ask", QUESTION).said
    said = rapport("ask", "who won the football world cup").said
    assert "word for word" not in said
    assert "There is no trained bot: the articles were searched for the question as it stands." in said


def test_it_says_which_model_wrote_or_why_it_did_not(
    rapport: Any, article: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeEndpoint() as endpoint:
        monkeypatch.setenv("RAPPORT_LLM_URL", endpoint.url)
        monkeypatch.setenv("RAPPORT_LLM_MODEL", "small")
        endpoint.reply = lambda content: "You can return an item within 30 days after delivery."
        said = rapport("ask", QUESTION).said
        assert said.startswith("You can return an item within 30 days after delivery.\n")
        assert "Put into words by small; every sentence was checked" in said
        endpoint.reply = lambda content: "You get 500 EUR."
        said = rapport("ask", QUESTION).said
        assert "You have 30 days after delivery" in said
        assert "of no help: the passages say nothing of what it wrote" in said
    outcome = rapport("ask", QUESTION)
    assert outcome.code == 0 and "cannot be reached" in outcome.said

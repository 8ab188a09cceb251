"""The bot's answer in a language model's words, as the action says it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.services import services
from crm_models.database import create_engine, migrate
from crm_models.settings import CrmSettings
from knowledge.build import build_index
from knowledge.ingest import ingest_path
from knowledge.retrieve import open_retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from tests.knowledge.conftest import ARTICLES, FakeEncoder
from tests.knowledge.endpoint import FakeEndpoint

QUESTION = "how many days after delivery may I return an item"


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEndpoint]:
    """The settings name it, the shop's database is there, and an article."""
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("RAPPORT_ANSWER_THRESHOLD", "0.3")
    monkeypatch.setenv("RAPPORT_UNSURE_THRESHOLD", "0.15")
    with FakeEndpoint() as endpoint:
        monkeypatch.setenv("RAPPORT_LLM_URL", endpoint.url)
        monkeypatch.setenv("RAPPORT_LLM_MODEL", "small")
        migrate(create_engine(CrmSettings().database_url))
        (tmp_path / "returns.md").write_text(ARTICLES["returns.md"], encoding="utf-8")
        store = KnowledgeStore(KnowledgeSettings().database)
        ingest_path(store, tmp_path / "returns.md")
        store.close()
        services.cache_clear()
        yield endpoint
        services.cache_clear()


def answer() -> dict[str, Any]:
    encoder, settings = FakeEncoder(), KnowledgeSettings()
    build_index(settings, encoder)
    found = [hit.to_json() for hit in open_retriever(settings, encoder).search(QUESTION)]
    message = {"text": QUESTION, "intent": {"name": "help_question"}, "passages": found, "answerable": 0.9}
    events = [{"event": "user", "text": QUESTION, "parse_data": message}]
    tracker = Tracker("web:1", {}, message, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    asyncio.run(ActionAnswer().run(dispatcher, tracker, {}))
    (said,) = [each for each in dispatcher.messages if each["response"] == "utter_answer_answered"]
    return said


def test_the_customer_reads_the_models_words_with_their_source(endpoint: FakeEndpoint) -> None:
    endpoint.reply = lambda content: "You can return an item within 30 days after delivery. It is on the house."
    said = answer()
    assert said["answer"] == "You can return an item within 30 days after delivery."
    assert [each["url"] for each in said["sources"]] == ["/help/returns"]


def test_the_customer_reads_the_article_where_the_model_fails(endpoint: FakeEndpoint) -> None:
    endpoint.status = 500
    assert "You have 30 days after delivery to return an item." in answer()["answer"]


def test_no_transaction_is_open_while_the_model_writes(endpoint: FakeEndpoint) -> None:
    """Somebody else can write into the shop's database meanwhile."""

    def write_first(content: dict[str, Any]) -> str:
        engine = create_engine(CrmSettings().database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE meanwhile (n INTEGER)")
        return "You can return an item within 30 days after delivery."

    endpoint.reply = write_first
    assert answer()["answer"] == "You can return an item within 30 days after delivery."

"""An answer of several lines, as the action says it: surely, and with words of doubt before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.services import services
from crm_models.database import create_engine, migrate
from crm_models.settings import CrmSettings
from knowledge.hits import Hit
from knowledge.ingest import ingest_path
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

LIST = "- Standard: 4.90 EUR\n- Express: 9.90 EUR"


@pytest.mark.parametrize(("sure_from", "response", "begins"), [("0.0", "answered", ""), ("1.0", "unsure", "\n")])
def test_a_list_begins_in_a_line_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sure_from: str, response: str, begins: str
) -> None:
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("RAPPORT_ANSWER_THRESHOLD", sure_from)
    monkeypatch.setenv("RAPPORT_UNSURE_THRESHOLD", "0.0")
    migrate(create_engine(CrmSettings().database_url))
    table = "| Way | What it costs |\n|---|---|\n| Standard | 4.90 EUR |\n| Express | 9.90 EUR |\n"
    (tmp_path / "costs.md").write_text(f"# Delivery\n\n{table}", encoding="utf-8")
    store = KnowledgeStore(KnowledgeSettings().database)
    ingest_path(store, tmp_path / "costs.md")
    (passage,) = store.list_passages()
    store.close()
    services.cache_clear()
    found = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (0, 1), 0.9).to_json()]
    message = {"text": "is it dear", "intent": {"name": "ask_delivery"}, "passages": found, "answerable": 0.9}
    events = [{"event": "user", "text": "is it dear", "parse_data": message}]
    tracker = Tracker("web:1", {}, message, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    ActionAnswer().run(dispatcher, tracker, {})
    services.cache_clear()
    said = next(each for each in dispatcher.messages if each["response"] == f"utter_answer_{response}")
    assert said["answer"] == begins + LIST

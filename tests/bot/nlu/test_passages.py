from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.retriever import PassageRetriever


def message(text: str = "how long may I return it") -> Message:
    asked = Message({"text": text})
    asked.set("embedding", np.eye(1, 384, dtype=np.float32)[0])
    return asked


def test_without_an_index_there_are_no_passages_and_at_most_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    component = PassageRetriever({"home": str(tmp_path)})
    for _ in range(3):
        asked = message()
        component.process([asked])
        assert asked.get("passages") == [] and asked.get("answerable") == 0.0
    assert len([record for record in caplog.records if record.name.startswith("bot.")]) <= 1


def test_a_damaged_knowledge_base_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "knowledge.db").write_bytes(b"not a database" * 100)
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "current").write_text("1", encoding="utf-8")
    component = PassageRetriever({"home": str(tmp_path)})
    for _ in range(3):
        asked = message()
        component.process([asked])
        assert asked.get("passages") == []
    assert len([record for record in caplog.records if record.name == "bot.nlu.retriever"]) <= 1


def test_a_payload_is_not_searched_for(tmp_path: Path) -> None:
    asked = message("/affirm")
    PassageRetriever({"home": str(tmp_path)}).process([asked])
    assert asked.get("passages") is None

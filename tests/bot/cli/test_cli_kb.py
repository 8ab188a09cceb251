"""`rapport kb check` as somebody at a terminal uses it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

import knowledge.embed
from bot.cli import prepare
from bot.cli.config import read_config
from crm_models.gaps import Gap, GapKind, GapSort, GapStatus, advance_gap, list_gaps, record_gap
from crm_models.tables import conversations, messages
from knowledge.build import build_index
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore
from tests.knowledge.conftest import ARTICLES, FakeEncoder

DAY = datetime(2026, 11, 3, 10)
WRONG = "---\nid: send-back\ntitle: Sending back\n---\n\nYou have 14 days after delivery to return an item.\n"


class Shop:
    """Articles of a folder in the knowledge base, and the shop's database."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        for name, text in ARTICLES.items():
            if name != "christmas.md":  # whether that one has begun depends on the day
                self.write(name, text)

    def write(self, name: str, text: str | None) -> None:
        """An article's file, or none any more; the index follows."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / name
        path.unlink(missing_ok=True) if text is None else path.write_text(text, encoding="utf-8")
        settings = read_config().knowledge
        store = KnowledgeStore(settings.database)
        ingest_path(store, self.folder)
        store.close()
        build_index(settings, FakeEncoder())

    def gaps(self) -> list[Gap]:
        with self.engine.connect() as connection:
            return list_gaps(connection, sort=GapSort.KNOWLEDGE)


@pytest.fixture
def shop(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The encoder that training would leave in the data folder is the deterministic one here."""
    monkeypatch.setattr(knowledge.embed, "load_encoder", lambda folder, threads=1: FakeEncoder())
    return Shop(tmp_path / "articles", prepare.open_database(read_config()))


def test_articles_in_order_pass(rapport: Any, shop: Shop) -> None:
    outcome = rapport("kb", "check", "--strict")
    assert outcome.code == 0, outcome.said + outcome.complained
    assert "4 articles: nothing to do" in outcome.said
    assert "Only 0 answers so far" in outcome.said
    assert shop.gaps() == []


def test_a_contradiction_is_shown_with_both_sentences_and_their_files(rapport: Any, shop: Shop, tmp_path: Path) -> None:
    shop.write("send-back.md", WRONG)
    file = tmp_path / "found.json"
    outcome = rapport("kb", "check", "--strict", "--json", str(file))
    assert outcome.code == 1
    assert "Contradictions: different amounts, days or hours for the same thing (1)" in outcome.said
    assert f"{shop.folder / 'send-back.md'}: You have 14 days after delivery to return an item." in outcome.said
    assert f"{shop.folder / 'returns.md'}: You have 30 days after delivery to return an item." in outcome.said
    (finding,) = json.loads(file.read_text(encoding="utf-8"))["findings"]
    assert finding["kind"] == "contradiction"
    assert sorted(finding["articles"]) == ["returns", "send-back"]


def test_a_finding_is_noted_once_as_a_gap_and_closed_when_it_is_gone(rapport: Any, shop: Shop) -> None:
    shop.write("send-back.md", WRONG)
    assert "1 noted, 0 closed" in rapport("kb", "check").said
    assert "Knowledge gaps" not in rapport("kb", "check").said
    (gap,) = shop.gaps()
    assert (gap.kind, gap.status) == (GapKind.CONTRADICTORY, GapStatus.DETECTED)
    assert "14 days" in gap.evidence["message"]
    shop.write("send-back.md", None)
    assert "0 noted, 1 closed" in rapport("kb", "check").said
    assert [each.status for each in shop.gaps()] == [GapStatus.CLOSED]
    shop.write("send-back.md", WRONG)
    assert "1 noted, 0 closed" in rapport("kb", "check").said


def test_what_staff_dropped_is_not_noted_again(rapport: Any, shop: Shop) -> None:
    shop.write("send-back.md", WRONG)
    rapport("kb", "check")
    (gap,) = shop.gaps()
    with shop.engine.begin() as connection:
        advance_gap(connection, gap.gap_id, GapStatus.DROPPED, DAY, because="meant so")
    assert "Knowledge gaps" not in rapport("kb", "check").said
    assert len(shop.gaps()) == 1


def test_questions_without_an_answer_are_shown_masked_and_the_most_wanted_first(rapport: Any, shop: Shop) -> None:
    questions = (
        "Is there parking at the shop?",
        "Do you repair umbrellas?",
        "do you repair umbrellas? do you repair umbrellas? me@home.example",
    )
    with shop.engine.begin() as connection:
        for question in questions:
            record_gap(connection, GapSort.KNOWLEDGE, GapKind.MISSING, {"question": question, "near": []}, DAY)
        done = record_gap(connection, GapSort.KNOWLEDGE, GapKind.MISSING, {"question": "Old one?", "near": []}, DAY)
        advance_gap(connection, done, GapStatus.DROPPED, DAY, because="no subject of ours")
    said = rapport("kb", "check").said
    assert "Asked, and no article says it (2)" in said
    assert said.index("asked 2 times") < said.index("asked once")
    assert "me@home.example" not in said and "Old one?" not in said


def test_articles_that_no_answer_cites_are_named_once_there_are_many_answers(rapport: Any, shop: Shop) -> None:
    with shop.engine.begin() as connection:
        connection.execute(insert(conversations).values(conversation_id="web:1", started_at=DAY))
        rows = [
            {
                "event_id": f"e{minute}",
                "conversation_id": "web:1",
                "author": "bot",
                "text": "30 days.",
                "passages": ["returns#abc", "returns-gold#def"],
                "created_at": DAY + timedelta(minutes=minute),
            }
            for minute in range(300)
        ]
        connection.execute(insert(messages), rows)
    said = rapport("kb", "check").said
    assert "Never cited in an answer (2)" in said
    assert "'Delivery in Austria' was never cited in 300 answers" in said


def test_without_an_encoder_it_says_what_to_do(rapport: Any, home: Path) -> None:
    outcome = rapport("kb", "check")
    assert outcome.code == 2
    assert "rapport train" in outcome.complained

"""`rapport ingest --tickets` and `rapport kb candidates` as somebody at a terminal uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import knowledge.embed
from bot.cli import prepare
from bot.cli.bot_training import is_bot_trained
from bot.cli.config import read_config
from bot.cli.fingerprints import bot_fingerprint, note_trained, read_trained
from bot.settings import PROJECT
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore
from tests.knowledge.conftest import ARTICLES, FakeEncoder

ANSWER = "You can park behind the shop for two hours. The gate closes at eight."
ASKED = ("where can I park at your shop", "can I park at your shop", "park at your shop, can I")


@pytest.fixture
def shop(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Articles, an encoder that counts words in the place of the trained one, and a history of tickets."""
    monkeypatch.setattr(knowledge.embed, "load_encoder", lambda folder, threads=1: FakeEncoder())
    config = read_config()
    prepare.open_database(config)
    (config.models / "rapport-x.tar.gz").parent.mkdir(parents=True, exist_ok=True)
    (config.models / "rapport-x.tar.gz").touch()
    note_trained(home, bot={"fingerprint": bot_fingerprint(PROJECT), "model": "rapport-x.tar.gz"})
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "descaling.md").write_text(ARTICLES["descaling.md"], encoding="utf-8")
    store = KnowledgeStore(config.knowledge.database)
    ingest_path(store, folder)
    store.close()
    history = tmp_path / "history.csv"
    rows = [f'"{text} (I am eva@home.example)","Hi Eva, {ANSWER}",5,2026-03-0{n}' for n, text in enumerate(ASKED, 1)]
    history.write_text("\n".join(["question,answer,rating,time", *rows]) + "\n", encoding="utf-8")
    return history


def ask(rapport: Any, home: Path, question: str) -> str:
    """As long as no bot is trained: what lies in the place of one here cannot understand."""
    bot = read_trained(home)["bot"]
    note_trained(home, bot={})
    said: str = rapport("ask", question).said
    note_trained(home, bot=bot)
    return said


def first_id(said: str) -> str:
    found = re.search(r"^([0-9a-f]{6}) ", said, re.MULTILINE)
    assert found, said
    return found[1]


def test_tickets_are_reviewed_and_answered_from(rapport: Any, shop: Path, home: Path) -> None:
    outcome = rapport("ingest", "--tickets", str(shop), "--least", "3", "--scale", "1-5")
    assert outcome.code == 0, outcome.said + outcome.complained
    assert "3 tickets new" in outcome.said and "1 candidates" in outcome.said
    assert "park" not in ask(rapport, home, "where can I park at your shop").partition("score")[0]
    listed = rapport("kb", "candidates", "list").said
    assert "100%" in listed and "a new article" in listed
    name = first_id(listed)
    shown = rapport("kb", "candidates", "show", name).said
    assert ANSWER in shown and "3 tickets from 2026-03-01 to 2026-03-03; 3 of 3 rated answers were liked" in shown
    assert "home.example" not in shown and "Hi Eva" not in shown
    accepted = rapport("kb", "candidates", "accept", name, "--question", "Where can I park?")
    assert f"article faq-{name}" in accepted.said
    answer = ask(rapport, home, "where can I park at your shop")
    assert "You can park behind the shop for two hours." in answer and "Source: Where can I park?" in answer
    assert not is_bot_trained(read_config())
    assert "No candidate waits" in rapport("kb", "candidates", "list").said
    assert "accepted" not in rapport("kb", "candidates", "list").said
    assert name in rapport("kb", "candidates", "list", "--all").said


def test_a_rejected_candidate_does_not_come_back(rapport: Any, shop: Path) -> None:
    rapport("ingest", "--tickets", str(shop), "--least", "3", "--scale", "1-5")
    name = first_id(rapport("kb", "candidates", "list").said)
    assert f"{name} rejected" in rapport("kb", "candidates", "reject", name, "--because", "no parking").said
    assert (
        "1 groups of like questions were decided before"
        in rapport("ingest", "--tickets", str(shop), "--least", "3", "--scale", "1-5").said
    )
    assert "rejected, no parking" in rapport("kb", "candidates", "list", "--all").said
    assert is_bot_trained(read_config())


def test_a_title_above_the_columns_and_a_file_that_cannot_be_read_keep_nothing_back(
    rapport: Any, shop: Path, tmp_path: Path
) -> None:
    shop.write_text("Export of the help desk\n\n" + shop.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "half.csv").write_text("question,rating\nWhere?,5\n", encoding="utf-8")
    outcome = rapport("ingest", "--tickets", str(tmp_path / "half.csv"), str(shop), "--scale", "1-5")
    assert outcome.code == 1
    assert "half.csv cannot be taken in: none of its columns (question, rating) is known as answer" in outcome.said
    assert "--map answer=COLUMN; the other files are taken in" in outcome.said
    assert "3 tickets new" in outcome.said


def test_without_a_trained_encoder_the_tickets_wait(rapport: Any, shop: Path, home: Path) -> None:
    note_trained(home, bot={})
    outcome = rapport("ingest", "--tickets", str(shop), "--scale", "1-5")
    assert outcome.code == 0 and "after `rapport train`" in outcome.said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "--tickets", "missing.csv"), "The tickets in missing.csv cannot be taken in"),
        (("ingest", "--tickets", "HISTORY", "--map", "question"), "--map question is not FIELD=COLUMN"),
        (("ingest", "--tickets", "HISTORY", "--map", "question=a", "--map", "question=b"), "two columns for question"),
        (("ingest", "--tickets", "HISTORY", "--map", "question=asked"), "no column 'asked'"),
        (("ingest", "--tickets", "HISTORY", "--scale", "5"), "as in 1-5"),
        (("ingest", "HISTORY", "--scale", "1-5"), "add --tickets"),
        (("kb", "candidates", "show", "abc"), "no candidate 'abc'"),
        (("kb", "candidates", "accept", "abc", "def", "--answer", "x"), "for one candidate"),
    ],
)
def test_mistakes_are_said_in_a_sentence(rapport: Any, shop: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = rapport(*[str(shop) if each == "HISTORY" else each for each in arguments])
    assert outcome.code == 2
    assert said in outcome.complained


def test_the_status_is_told_where_the_articles_cannot_be_read(rapport: Any, shop: Path) -> None:
    read_config().knowledge.database.write_bytes(b"not a database at all, but long enough to look like one " * 30)
    outcome = rapport("status")
    assert outcome.code == 1 and "✗  articles" in outcome.said and "bot's model" in outcome.said

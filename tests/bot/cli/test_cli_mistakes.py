"""What goes wrong before anything starts: one sentence with the remedy, exit code 2, nothing left behind."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys

import pytest

from bot.cli.config import read_config
from bot.cli.lock import holder, holding
from bot.settings import PROJECT
from crm_models.database import create_engine, migrate


@pytest.fixture
def free_ports(monkeypatch):
    """Ports of this test's own, so that what runs on this machine does not matter."""
    with socket.socket() as web, socket.socket() as bot, socket.socket() as action:
        for name, opened in (("WEB", web), ("BOT", bot), ("ACTION", action)):
            opened.bind(("127.0.0.1", 0))
            monkeypatch.setenv(f"RAPPORT_{name}_PORT", str(opened.getsockname()[1]))


def one_sentence(outcome) -> str:
    assert outcome.code == 2
    assert "Traceback" not in outcome.complained
    assert len(outcome.complained.splitlines()) == 1
    return outcome.complained


@pytest.mark.parametrize("name", ["WEB", "BOT", "ACTION"])
def test_a_taken_port_is_found_before_anything_starts(rapport, home, free_ports, monkeypatch, name):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv(f"RAPPORT_{name}_PORT", str(port))
        said = one_sentence(rapport("up"))
    assert f"Port {port}" in said
    assert f"RAPPORT_{name}_PORT" in said
    assert f"process {os.getpid()}" in said
    assert not (home / "rapport.db").exists()


def test_a_second_start_on_the_same_folder_is_refused(rapport, home):
    with holding(home):
        said = one_sentence(rapport("up"))
        assert holder(home) == os.getpid()
    assert f"process {os.getpid()}" in said
    assert "RAPPORT_HOME" in said
    assert holder(home) is None


@pytest.mark.parametrize("typed", [("seed",), ("train",), ("up",), ("export", "messages"), ("chat", "--as", "C-1")])
def test_a_database_of_a_newer_version_is_refused(rapport, home, free_ports, typed):
    config = read_config()
    home.mkdir()
    migrate(create_engine(config.crm.database_url))
    with sqlite3.connect(home / "rapport.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = one_sentence(rapport(*typed))
    assert "9999" in said
    assert "newer version" in said


def test_a_knowledge_base_of_a_newer_version_is_refused(rapport, home, tmp_path):
    home.mkdir()
    with sqlite3.connect(home / "knowledge.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    (tmp_path / "returns.md").write_text("# Returns\n\nThirty days.\n")
    assert "version 99" in one_sentence(rapport("ingest", str(tmp_path / "returns.md")))


def test_a_missing_model_is_named_with_the_command_that_makes_it(rapport):
    assert "rapport train" in one_sentence(rapport("ask", "how long can I return it?"))


def test_a_missing_file_is_named(rapport):
    assert "nowhere.md" in one_sentence(rapport("ingest", "nowhere.md"))


def test_a_missing_shop_folder_is_named(rapport):
    assert "no-shop" in one_sentence(rapport("import-shop", "no-shop"))


def test_an_unreadable_file_is_told_and_the_others_are_taken(rapport, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.md").write_text("# Opening hours\n\nWe are open from nine to five.\n")
    (folder / "bad.exe").write_bytes(b"MZ")
    outcome = rapport("ingest", str(folder))
    assert outcome.code == 1
    assert "1 new" in outcome.said
    assert "bad.exe was left out" in outcome.said


def test_of_several_places_those_that_are_missing_are_told_and_the_others_are_taken(rapport, tmp_path):
    (tmp_path / "[old]").mkdir()
    (tmp_path / "good.md").write_text("---\naudience: platinum\n---\nWe are open from nine to five.\n")
    outcome = rapport("ingest", "nowhere", "[old]", "good.md")
    assert outcome.code == 1
    assert "nowhere was left out: there is no file or folder" in outcome.said
    assert "[old] was left out: there is no file in the folder" in outcome.said
    assert "1 new" in outcome.said
    assert "good.md was taken in, but it is for 'platinum', a tier that no customer has" in outcome.said
    assert "no file in the folder" in one_sentence(rapport("ingest", "[old]"))


def test_an_unknown_customer_is_named(rapport):
    engine = create_engine(read_config().crm.database_url)
    migrate(engine)
    assert "'C-404'" in one_sentence(rapport("chat", "--as", "C-404"))


def test_chatting_while_nothing_runs_says_how_to_start(rapport, free_ports):
    assert "rapport up" in one_sentence(rapport("chat"))


def test_status_tells_what_is_down(rapport, free_ports):
    outcome = rapport("status")
    assert outcome.code == 1
    for name in ("web", "bot", "actions", "projector", "search index"):
        assert name in outcome.said


def test_the_wrong_python_is_named(monkeypatch, capsys):
    from bot.cli import main

    monkeypatch.setattr(main, "PYTHON", (3, 99))
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 2
    assert "make setup" in capsys.readouterr().err


def test_an_unwritable_home_is_named(rapport, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = rapport("seed", "--home", str(tmp_path / "file" / "below"))
    assert str(tmp_path / "file") in one_sentence(outcome)


def test_the_installed_command_gives_the_same_exit_code(home):
    command = [sys.executable, "-m", "bot.cli.main", "status", "--nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 2
    assert "--nonsense" in done.stderr

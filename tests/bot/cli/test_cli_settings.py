"""Settings: unknown and impossible ones are refused, all of them in one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.config import known_variables, read_config
from bot.cli.errors import BadSettings


def test_an_unknown_setting_is_named_with_the_one_it_resembles(rapport, monkeypatch):
    monkeypatch.setenv("RAPPORT_WEB_PROT", "8001")
    outcome = rapport("status")
    assert outcome.code == 2
    assert outcome.complained == "RAPPORT_WEB_PROT is not a setting; did you mean RAPPORT_WEB_PORT?\n"


def test_all_mistakes_are_in_one_message(home, monkeypatch):
    monkeypatch.setenv("RAPPORT_XYZZY", "1")
    monkeypatch.setenv("RAPPORT_BOT_PORT", "many")
    monkeypatch.setenv("RAPPORT_DENSE_WEIGHT", "7")
    monkeypatch.setenv("RAPPORT_ACTION_PORT", "8000")
    with pytest.raises(BadSettings) as raised:
        read_config()
    message = str(raised.value)
    assert message.startswith("4 settings cannot be used:")
    assert "RAPPORT_XYZZY is not a setting; unset it" in message
    assert "RAPPORT_BOT_PORT is 'many'" in message
    assert "RAPPORT_DENSE_WEIGHT is '7'" in message
    assert "RAPPORT_WEB_PORT and RAPPORT_ACTION_PORT are both 8000" in message


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("RAPPORT_HOME", "", "RAPPORT_HOME is empty"),
        ("RAPPORT_WEB_PORT", "0", "RAPPORT_WEB_PORT is 0"),
        ("RAPPORT_WEB_PORT", "70000", "RAPPORT_WEB_PORT is '70000'"),
        ("RAPPORT_DATABASE_URL", "sqlite://", "in memory"),
        ("RAPPORT_BOT_WORKERS", "4", "RAPPORT_REDIS_HOST"),
        ("RAPPORT_UNSURE_THRESHOLD", "0.9", "ANSWER_THRESHOLD"),
    ],
)
def test_an_impossible_value_is_refused(home, monkeypatch, name, value, part):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=part):
        read_config()


def test_a_file_is_no_data_folder(rapport, tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("")
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "notes.txt"))
    outcome = rapport("up")
    assert outcome.code == 2
    assert "which is a file" in outcome.complained


def test_an_option_comes_before_the_environment(home, monkeypatch, tmp_path):
    monkeypatch.setenv("RAPPORT_WEB_PORT", "8001")
    config = read_config(home=tmp_path / "other", web_port=8002)
    assert (config.home, config.web.web_port) == (tmp_path / "other", 8002)
    assert config.crm.home == config.knowledge.home == config.bot.home == config.home


def test_paths_are_absolute_for_processes_that_work_elsewhere(home, monkeypatch):
    monkeypatch.setenv("RAPPORT_HOME", "data")
    monkeypatch.setenv("RAPPORT_DATABASE_URL", "sqlite:///shop.db")
    environment = read_config().environment()
    assert environment["RAPPORT_HOME"] == str(Path("data").resolve())
    assert environment["RAPPORT_DATABASE_URL"] == f"sqlite:///{Path('shop.db').resolve()}"
    assert Path(environment["RAPPORT_TRACKER_URL"].removeprefix("sqlite:///")) == Path("data/tracker.db").resolve()


def test_what_is_told_to_the_processes_are_settings(home):
    assert set(read_config().environment()) <= known_variables()


@pytest.mark.parametrize("settings", ["bot.settings", "crm_models.settings", "knowledge.settings", "web.settings"])
def test_every_package_reads_the_same_home(home, settings):
    config = read_config()
    names = {"bot": "bot", "crm_models": "crm", "knowledge": "knowledge", "web": "web"}
    assert getattr(config, names[settings.partition(".")[0]]).home == home

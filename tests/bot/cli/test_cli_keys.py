"""The installation's secrets: made once, for their owner alone."""

from __future__ import annotations

import json
import stat

import pytest

from bot.cli.config import read_config
from bot.cli.errors import BadSecrets
from bot.cli.keys import NAMES, read_keys
from web.settings import read_keys as read_web_keys


def test_keys_are_made_once_and_only_their_owner_reads_them(home):
    config = read_config()
    keys = read_keys(config)
    path = home / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(keys) == set(NAMES)
    assert len(set(keys.values())) == len(NAMES)
    assert read_keys(config) == keys


def test_the_web_process_reads_the_same_keys(home):
    keys = read_keys(read_config())
    assert read_web_keys(home).bot_key == keys["bot_key"]


def test_a_missing_key_is_added_and_the_others_stay(home):
    config = read_config()
    keys = read_keys(config)
    path = home / "secrets.json"
    path.write_text(json.dumps({name: keys[name] for name in NAMES[:2]}))
    path.chmod(0o644)
    again = read_keys(config)
    assert {name: again[name] for name in NAMES[:2]} == {name: keys[name] for name in NAMES[:2]}
    assert len(again) == len(NAMES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_environment_comes_before_the_file(home, monkeypatch):
    monkeypatch.setenv("RAPPORT_BOT_KEY", "k" * 40)
    assert read_keys(read_config())["bot_key"] == "k" * 40


def test_a_short_key_is_refused(home, monkeypatch):
    monkeypatch.setenv("RAPPORT_BOT_KEY", "short")
    with pytest.raises(BadSecrets, match="RAPPORT_BOT_KEY must have 32 bytes"):
        read_keys(read_config())


@pytest.mark.parametrize("content", ["{", "[]", '{"bot_key": 1}'])
def test_a_damaged_file_is_named_with_the_remedy(home, content):
    home.mkdir()
    (home / "secrets.json").write_text(content)
    with pytest.raises(BadSecrets, match=r"secrets\.json.*Remove it"):
        read_keys(read_config())

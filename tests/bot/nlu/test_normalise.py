from __future__ import annotations

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.emoji import spell_emoji
from bot.nlu.normalise import MessageNormaliser, normalise


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  where\t is\n\nit ", "where is it"),
        ("a\u200bb\u202ec\x00d\x07", "abcd"),
        ("cafe\u0301", "café"),
        ("ok 👍", "ok 👍"),
        ("\ud83d broken", "broken"),
        ("\x00\x01", ""),
        ("<b>HTML</b> & 'SQL';--", "<b>HTML</b> & 'SQL';--"),
    ],
)
def test_normalised(text: str, clean: str) -> None:
    assert normalise(text) == clean


def test_length_is_capped() -> None:
    assert len(normalise("word " * 10_000)) <= 8_000
    assert normalise("abc def", longest=4) == "abc"


def test_a_payload_is_not_touched() -> None:
    payload = '/inform{"name":  "two  blanks"}'
    message = Message({"text": payload})
    MessageNormaliser({}).process([message])
    assert message.get("text") == payload


def test_emoji_become_words() -> None:
    assert spell_emoji("ok 👍") == "ok thumbs up sign"
    assert spell_emoji("plain") == "plain"
    assert spell_emoji("where is it please 🙏🏽") == "where is it please"
    assert spell_emoji("😀" * 100).count("grinning face") == 8

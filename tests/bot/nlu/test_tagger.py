"""Which of the learned entities a message gets, with scores put on it as the encoder would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.emoji import spell_emoji
from bot.nlu.gazetteer import words
from bot.nlu.message_encoder import EntityScores
from bot.nlu.tagger import EntityTagger
from bot.nlu.tagging import pieces_of
from bot.nlu.vectors import ENTITY_SCORES
from tests.bot.nlu.chains import free_chain

TAGS = ("O", "B-name", "I-name", "B-product", "I-product")


def tagged(text: str, said: dict[str, tuple[str, float]], there: Any = (), **config: Any) -> list[dict[str, Any]]:
    """`said`: tag and score of words of the text as the encoder reads it; all others are outside."""
    found = words(spell_emoji(text))
    scores = np.zeros((len(found), len(TAGS)), np.float32)
    for place, word in enumerate(found):
        tag, score = said.get(word.text, ("O", 9.0))
        scores[place, TAGS.index(tag)] = score
    pieces = pieces_of(SimpleNamespace(offsets=[(w.start, w.end) for w in found], word_ids=list(range(len(found)))))
    message = Message({"text": text, "entities": list(there)})
    message.set(ENTITY_SCORES, EntityScores(scores, pieces, free_chain(TAGS)))
    EntityTagger(config).process([message])
    return [each for each in message.get("entities") if each.get("extractor") == "EntityTagger"]


ROBOT = {"window": ("B-product", 9.0), "robot": ("I-product", 9.0)}


def test_a_learned_entity_has_the_letters_that_were_written() -> None:
    (found,) = tagged("my Window Robot leaks", ROBOT)
    assert (found["entity"], found["value"], found["start"], found["end"]) == ("product", "Window Robot", 3, 15)


def test_emoji_before_it_do_not_shift_the_letters() -> None:
    text = "👎  Window robot ⭐"
    (found,) = tagged(text, ROBOT)
    assert text[found["start"] : found["end"]] == found["value"] == "Window robot"


def test_what_is_exact_already_is_not_marked_again() -> None:
    there = {"entity": "product", "start": 10, "end": 15, "value": "Robot 3000"}
    assert tagged("my Window Robot leaks", ROBOT, [there]) == []
    elsewhere = {"entity": "product", "start": 0, "end": 2, "value": "my"}
    assert len(tagged("my Window Robot leaks", ROBOT, [elsewhere])) == 1


def test_one_doubtful_word_leaves_the_whole_entity_out() -> None:
    doubtful = {**ROBOT, "robot": ("I-product", 1.5)}
    assert tagged("my window robot leaks", doubtful) == []
    assert len(tagged("my window robot leaks", doubtful, threshold=0.5)) == 1


def test_only_the_kinds_asked_for_are_taken() -> None:
    said = {**ROBOT, "ada": ("B-name", 9.0)}
    assert [each["entity"] for each in tagged("Ada here, window robot", said)] == ["name", "product"]
    assert [each["entity"] for each in tagged("Ada here, window robot", said, labels=["name"])] == ["name"]
    assert tagged("Ada here, window robot", said, labels=[]) == []


def test_a_message_that_was_not_encoded_is_left_alone() -> None:
    message = Message({"text": '/inform{"name": "Ada"}'})
    EntityTagger({}).process([message])
    assert message.get("entities") is None

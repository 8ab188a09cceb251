"""Makes the text of a message fit to be read: no control characters, one blank at a time, no endless length."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.messages import is_payload, text_of

# Control characters, and what is there but not seen: zero-width letters, marks of direction, lone surrogates.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BLANKS = re.compile(r"\s+")


# Of the kinds that Rasa knows, this one asks for nothing in training.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class MessageNormaliser(GraphComponent):
    """First of the pipeline. The conversation keeps the text as it was written; offsets of entities refer to
    this one.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # Letters kept; the encoder reads about 500, the patterns the rest.
        return {"longest": 8_000}

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = {**self.get_default_config(), **config}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageNormaliser:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if not is_payload(text):
                message.set(TEXT, normalise(text, self.config["longest"]), add_to_output=True)
        return messages


def normalise(text: str, longest: int = 8_000) -> str:
    """`text` as one line of seen characters, at most `longest` of them. Emoji, accents and case stay."""
    # Cutting first bounds the work; four letters for one leaves room for what falls away.
    text = unicodedata.normalize("NFC", _BLANKS.sub(" ", text[: longest * 4]))
    seen = "".join(letter for letter in text if (letter.isascii() and letter.isprintable()) or not _unseen(letter))
    return _BLANKS.sub(" ", seen).strip()[:longest].rstrip()


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN

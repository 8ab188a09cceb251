"""Notes the language of each message, and gives one that the bot was not trained for an intent of its own."""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code import code_digest
from bot.nlu.language import LanguageModel, LanguageRule, vocabulary
from bot.nlu.messages import intent_examples, is_payload, text_of
from bot.nlu.vectors import LANGUAGE

FOREIGN = "nlu_foreign_language"
_WORDS_FILE = "words.json"


# Of the kinds that Rasa knows, this one may both learn and read any message.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageIdentifier(GraphComponent):
    """Sets `language` (code, confidence, trained) on messages with letters. Comes after the normaliser.

    From the training examples it learns their commonest words, which tell a mistyped message from a foreign one.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # Codes of the languages that the training examples are written in: as `language` of config.yml, or more.
        return {"languages": ["en"]}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, words: list[str]
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = LanguageModel(LanguageRule(languages=tuple(self.config["languages"])), words)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        return cls(config, model_storage, resource, [])

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageIdentifier:
        with model_storage.read_from(resource) as folder:
            words = json.loads((folder / _WORDS_FILE).read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, words)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        return code_digest("language", "messages")

    def train(self, training_data: TrainingData) -> Resource:
        words = vocabulary(text_of(example) for example in intent_examples(training_data))
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _WORDS_FILE).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if not is_payload(text) and (language := self._model.identify(text)):
                message.set(LANGUAGE, language.to_json(), add_to_output=True)
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ForeignLanguage(GraphComponent):
    """Sets the intent `nlu_foreign_language` where the language is clearly none of the bot's. Comes after the
    classifier, whose intents mean nothing there; its ranking stays on the message.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [LanguageIdentifier]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ForeignLanguage:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            language = message.get(LANGUAGE)
            if language and not language["trained"]:
                message.set(INTENT, {"name": FOREIGN, "confidence": language["confidence"]}, add_to_output=True)
        return messages

"""How the customer feels: polarity of the words, and signs of a patience that ends."""

from __future__ import annotations

import os
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code import code_digest
from bot.nlu.emoji import spell_emoji
from bot.nlu.frustration import frustration_of
from bot.nlu.messages import is_payload, text_of
from bot.nlu.sentiment_encoder import (
    ADAPTER,
    CONFIG,
    LABELS,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SHIPPED,
    TYPICAL,
    SentimentEncoder,
)
from bot.nlu.vectors import PART, SENTIMENT
from bot.nlu.weights import sha256_of


# Of the kinds that Rasa knows, this one is not run over the training examples.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SentimentAnalyser(GraphComponent):
    """Sets `sentiment`: score in [-1, 1], label (negative, neutral, positive), frustration in [0, 1].

    The label is the likeliest, the score P(positive) - P(negative), by an encoder of its own: the base encoder with the
    adapter that ships in `bot/nlu/sentiment_model` (see MODEL_CARD.md there). A frustration of 0 means no sign of any
    weight.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # A weaker frustration is reported as 0: one exclamation mark is no anger.
            "frustrated_from": 0.3,
            # Letters read for the signs of frustration; the encoder reads the words at the start.
            "longest": 2_000,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage | None = None,
        resource: Resource | None = None,
        model: SentimentEncoder | None = None,
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self.model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentimentAnalyser:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentimentAnalyser:
        with model_storage.read_from(resource) as folder:
            model = SentimentEncoder(folder)
        return cls(config, model_storage, resource, model)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Another adapter, or another way of exporting it, is another model."""
        modules = ("sentiment_adapter", "sentiment_export", "sentiment_network", "lora")
        shared = ("onnx_export", "quantise", "torch_encoder", "weights")
        shipped = "".join(sha256_of(SHIPPED / name) for name in (ADAPTER, CONFIG, TYPICAL))
        return code_digest(*modules, *shared) + shipped

    def train(self, training_data: TrainingData) -> Resource:
        """Nothing is learned: the shipped adapter is merged into the base weights and exported."""
        # Read when torch is loaded: threads that wait by spinning slow a shared machine down tenfold.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from bot.nlu.sentiment_export import export_sentiment

        with self._model_storage.write_to(self._resource) as folder:
            exported = export_sentiment(folder)
        print(
            f"Sentiment: the shipped adapter, exported, largest difference {exported.largest_difference:.1e}; "
            f"in 8 bits its probabilities differ by {exported.mean_loss:.3f} on average"
        )
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if not is_payload(text) and not message.get(PART):  # the mood is that of the whole message
                message.set(SENTIMENT, self.sentiment(text), add_to_output=True)
        return messages

    def sentiment(self, text: str) -> dict[str, Any]:
        text = text[: self.config["longest"]]
        score, label = self._polarity(text)
        frustration = frustration_of(text, score)
        return {
            "score": score,
            "label": label,
            "frustration": round(frustration, 2) if frustration >= self.config["frustrated_from"] else 0.0,
        }

    def _polarity(self, text: str) -> tuple[float, str]:
        if self.model is None or not text.strip():
            return 0.0, LABELS[NEUTRAL]
        probabilities = self.model.probabilities([spell_emoji(text, always=True)])[0]
        score = float(probabilities[POSITIVE] - probabilities[NEGATIVE])
        return round(score, 3), LABELS[int(probabilities.argmax())]

"""What the customer wants: an intent where one is sure enough, else the few that it may be."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code import code_digest
from bot.nlu.decision import UNSURE, DecisionRule, Likely
from bot.nlu.encoder import MessageEncoder
from bot.nlu.errors import ComponentOrderError
from bot.nlu.intent_model import Examples, IntentModel, LearnSettings, Report, learn, report_json
from bot.nlu.messages import intent_examples, intent_of, text_of
from bot.nlu.report import write_report
from bot.nlu.split import text_key, without_duplicates
from bot.nlu.vectors import (
    EMBEDDING,
    INTENT_FEATURES,
    INTENT_SET,
    OUT_OF_SCOPE_SCORE,
    TRAINING_FEATURES,
    TrainingFeatures,
)

logger = logging.getLogger(__name__)

REPORT_FILE = "report.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent):
    """Sets `intent`, `intent_ranking`, `intent_set` (each name and confidence) and `out_of_scope` on the message.

    `intent` is one of the trained intents, or `nlu_ambiguous` when two or three are likely, or `nlu_unsure` when
    more are, or when the message is unlike anything known. `intent_set` holds the likely ones in each case.
    `out_of_scope` has the score of `out_of_scope.ForeignScore` and whether the message is refused for it.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [MessageEncoder]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # Learning and calibrating: see intent_model.LearnSettings.
            **dataclasses.asdict(LearnSettings()),
            # Acting, asking or neither: see decision.DecisionRule.
            **dataclasses.asdict(DecisionRule()),
            # Entries of intent_ranking; it is stored with every message.
            "ranking_length": 5,
            # The set is stored too; a longer one says no more than that it is long.
            "longest_set": 8,
            # Digits of a confidence after the point. With few, all that is nearly certain looks the same.
            "decimals": 4,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None,
    ) -> None:
        self.config = {**self.get_default_config(), **config}
        self.model = model
        rule = {field.name: self.config[field.name] for field in dataclasses.fields(DecisionRule)}
        self._rule = DecisionRule(**{**rule, "harmless": tuple(rule["harmless"])})
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
        return cls(config, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        return code_digest("intent_model", "calibration", "out_of_scope", "decision", "split", "messages")

    def train(self, training_data: TrainingData) -> Resource:
        names = {field.name for field in dataclasses.fields(LearnSettings)}
        settings = LearnSettings(**{name: self.config[name] for name in names})
        self.model, report = learn(_examples(training_data), settings, self._rule)
        with self._model_storage.write_to(self._resource) as folder:
            self.model.save(folder)
            (folder / REPORT_FILE).write_text(report_json(report), encoding="utf-8")
            write_report(folder, _in_words(report, settings))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            features, embedding = message.get(INTENT_FEATURES), message.get(EMBEDDING)
            if features is None or embedding is None or self.model is None:
                # No words, or a button's payload, whose intent Rasa's handler sets after the pipeline.
                self._set(message, Likely(UNSURE, 0.0), (), ())
                continue
            understood = self.model.understand(features, embedding)
            intent = self._rule.decide(understood.intent_set, understood.refused)
            self._set(message, intent, understood.ranking, understood.intent_set)
            foreign = {"score": round(understood.foreign, 3), "refused": understood.refused}
            message.set(OUT_OF_SCOPE_SCORE, foreign, add_to_output=True)
        return messages

    def _set(
        self, message: Message, intent: Likely, ranking: tuple[Likely, ...], intent_set: tuple[Likely, ...]
    ) -> None:
        message.set(INTENT, self._to_json(intent), add_to_output=True)
        shown = ranking[: self.config["ranking_length"]]
        message.set(INTENT_RANKING_KEY, [self._to_json(each) for each in shown], add_to_output=True)
        likely = intent_set[: self.config["longest_set"]]
        message.set(INTENT_SET, [self._to_json(each) for each in likely], add_to_output=True)

    def _to_json(self, likely: Likely) -> dict[str, Any]:
        return {"name": likely.name, "confidence": round(likely.confidence, self.config["decimals"])}


def _examples(training_data: TrainingData) -> Examples:
    """Each text once, as the encoder learned them."""
    examples = intent_examples(training_data)
    handed_over_of: dict[str, TrainingFeatures] = {}
    for example in examples:
        handed = example.get(TRAINING_FEATURES)
        if handed is None:
            raise ComponentOrderError(
                "The training examples carry no features: put bot.nlu.encoder.MessageEncoder before "
                "bot.nlu.intent_classifier.IntentClassifier in the pipeline of config.yml."
            )
        handed_over_of[text_key(text_of(example))] = handed
    texts, labels = without_duplicates(
        [text_of(example) for example in examples], [intent_of(example) for example in examples]
    )
    handed_over = [handed_over_of[text_key(text)] for text in texts]
    return Examples(
        labels=labels,
        features=np.stack([each.features for each in handed_over]),
        embedding=np.stack([each.embedding for each in handed_over]),
        first_features=np.stack([each.first_features for each in handed_over]),
        first_embedding=np.stack([each.first_embedding for each in handed_over]),
        held_out=np.array([each.held_out for each in handed_over]),
    )


def _in_words(report: Report, settings: LearnSettings) -> str:
    return (
        f"Intents: {report.examples} examples of {report.intents} intents, {report.held_out} of them held out. "
        f"There: accuracy {report.accuracy:.1%}; sets hold the intent {report.coverage:.1%} (asked for "
        f"{settings.coverage:.0%}), mean size {report.mean_set_size:.2f}; calibration error "
        f"{report.calibration_error:.3f}; acts on {report.acts:.1%} (right {report.right_when_acting:.1%}), asks at "
        f"{report.asks:.1%}, unsure at {report.unsure:.1%}; refused in scope {report.refused_in_scope:.1%}, "
        f"out of scope noticed {report.recognised_out_of_scope:.1%}"
    )

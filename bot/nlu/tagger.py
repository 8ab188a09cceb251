"""Entities that were learned from the marked examples, beside those that have a shape or stand in the catalogue."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.emoji import spell_with_places
from bot.nlu.encoder import MessageEncoder
from bot.nlu.found import Found
from bot.nlu.message_encoder import EntityScores
from bot.nlu.messages import text_of
from bot.nlu.vectors import ENTITY_SCORES


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityTagger(GraphComponent, EntityExtractorMixin):
    """Adds to `entities` what the message's own pass through the encoder marks; it computes nothing itself.

    Stands behind the extractors whose values are exact: what shares letters with an entity that is there already is
    left out. The value is what was said; Rasa's EntitySynonymMapper behind this one turns synonyms into theirs.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [MessageEncoder]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # Least confidence: probability of the least sure word. A wrong entity is worse than a missing one; of the
            # products in held-out examples of the demo bot, 94 % of those at .9 and above are as they are marked.
            "threshold": 0.9,
            # Kinds that are taken from here; none given is every kind that is marked in the examples.
            "labels": None,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = {**self.get_default_config(), **config}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityTagger:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            scores = message.get(ENTITY_SCORES)
            if scores is None:
                continue
            there = message.get(ENTITIES) or []
            learned = [_entity(each) for each in self._found(text_of(message), scores) if _is_free(each, there)]
            if learned:
                message.set(ENTITIES, there + self.add_extractor_name(learned), add_to_output=True)
        return messages

    def _found(self, text: str, scores: EntityScores) -> list[Found]:
        """The sure ones of the kinds that are taken, with letters of `text`, which may be the beginning of what was
        read.
        """
        labels, threshold = self.config["labels"], self.config["threshold"]
        sure = [
            span for span in scores.spans() if span.confidence >= threshold and (labels is None or span.label in labels)
        ]
        _, places = spell_with_places(text) if sure else ("", ())
        found = []
        for span in sure:
            if span.end > len(places):
                continue
            start, end = places[span.start], places[span.end - 1] + 1
            found.append(Found(span.label, start, end, text[start:end], span.confidence))
        return found


def _is_free(found: Found, there: list[dict[str, Any]]) -> bool:
    """Whether none of its letters belongs to an entity already."""
    return all(found.end <= each["start"] or each["end"] <= found.start for each in there)


def _entity(found: Found) -> dict[str, Any]:
    return {
        "entity": found.entity,
        "start": found.start,
        "end": found.end,
        "value": found.value,
        "confidence_entity": round(found.confidence, 4),
    }

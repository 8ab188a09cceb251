"""Entities by their shape and by the shop's own words; nothing is learned, so a new catalogue needs no training."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.amounts import find_amounts
from bot.nlu.dates import find_dates, warm_up
from bot.nlu.found import Found, without_overlaps
from bot.nlu.gazetteer import Gazetteer, GazetteerFile
from bot.nlu.home import data_folder
from bot.nlu.messages import is_payload, text_of
from bot.nlu.order_ids import find_order_ids
from bot.nlu.patterns import find_emails, find_names, find_phones, find_postcodes, find_ratings
from bot.nlu.reasons import find_reasons

# Of a longer text only the beginning is searched: no pattern may keep others waiting.
MOST_LETTERS = 8_000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Adds `entities` with offsets into the message's text and normalised values."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # File of the shop's words; none is gazetteer.json of the data folder.
            "gazetteer": None,
            # Currency of sums that are said in cents.
            "currency": "EUR",
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = {**self.get_default_config(), **config}
        path = self.config["gazetteer"] or data_folder() / "gazetteer.json"
        self._gazetteer = GazetteerFile(Path(path))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntityExtractor:
        return cls(config)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PatternEntityExtractor:
        warm_up()
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if not text.strip() or is_payload(text):
                continue
            found = find_entities(text, _day_of(message), self._gazetteer.current(), self.config["currency"])
            entities = [
                {
                    "entity": each.entity,
                    "start": each.start,
                    "end": each.end,
                    "value": each.value,
                    "confidence_entity": each.confidence,
                }
                for each in found
            ]
            others = message.get(ENTITIES, [])
            message.set(ENTITIES, others + self.add_extractor_name(entities), add_to_output=True)
        return messages


def find_entities(text: str, today: date, gazetteer: Gazetteer | None = None, currency: str = "EUR") -> list[Found]:
    """All entities of `text`, none over another, in the order of the text."""
    text = text[:MOST_LETTERS]
    shop = gazetteer or Gazetteer()
    # The surest first: what comes later may not claim the same letters.
    found = [
        *find_emails(text),
        *(each for each in find_order_ids(text, shop.order_prefixes) if each.confidence == 1.0),
        *find_amounts(text, currency),
        *find_ratings(text),
        *find_phones(text),
        *find_postcodes(text),
        *_longest_first(find_dates(text, today)),
        *find_order_ids(text, shop.order_prefixes),
        *_longest_first(find_reasons(text)),
        *find_names(text),
        *_longest_first([*shop.find_products(text), *shop.find_categories(text)]),
        *shop.find_options(text),
    ]
    return without_overlaps(found)


def _longest_first(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda each: each.start - each.end)


def _day_of(message: Message) -> date:
    """The day that "yesterday" is said on: the message's time (seconds since 1970) where it has one."""
    now = datetime.fromtimestamp(message.time, UTC) if message.time else datetime.now(UTC)
    return now.date()

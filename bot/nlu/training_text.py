"""A training example as the encoder learns it: its text, its intent, and what is marked in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    INTENT,
    TEXT,
)

if TYPE_CHECKING:
    # Reading files of examples needs the two classes below, and not the second that Rasa takes to load.
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData


@dataclass(frozen=True)
class Span:
    """Letters `start` to `end` (not included) of a text, and the entity that they are."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class TrainingText:
    text: str
    intent: str | None
    spans: tuple[Span, ...] = ()
    """In the order of the text, none over another."""


def training_texts(training_data: TrainingData) -> list[TrainingText]:
    """The examples that have a text, those without an intent too (they are only marked)."""
    # Rasa's list holds intents and actions of stories as well.
    examples = [example for example in training_data.training_examples if str(example.get(TEXT) or "").strip()]
    return [TrainingText(str(example.get(TEXT)), example.get(INTENT), spans_of(example)) for example in examples]


def spans_of(example: Message) -> tuple[Span, ...]:
    """What is marked in a message; of marks over each other the longer one."""
    marked = [
        Span(entity[ENTITY_ATTRIBUTE_START], entity[ENTITY_ATTRIBUTE_END], entity[ENTITY_ATTRIBUTE_TYPE])
        for entity in example.get(ENTITIES) or []
    ]
    kept: list[Span] = []
    for span in sorted(marked, key=lambda each: (each.start - each.end, each.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: span.start))


def is_annotated(texts: Sequence[TrainingText]) -> bool:
    """Whether anything is marked in any of them; if so, what is not marked is no entity."""
    return any(each.spans for each in texts)

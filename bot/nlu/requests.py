"""Two or three requests in one message: found, understood each for itself, and the first taken as the message.

The finder stands before the encoder and sends the parts of a message along as messages of their own; the splitter
stands after the classifier and takes them out again. Neither knows how the two work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.decision import Likely
from bot.nlu.matters import TASKS, Part, Request, only_request, part_of, separate
from bot.nlu.messages import is_payload, text_of
from bot.nlu.normalise import normalise
from bot.nlu.segments import Segment, segments
from bot.nlu.vectors import EMBEDDING, FURTHER_REQUESTS, INTENT_FEATURES, INTENT_SET, PART

# Set to True in a message's metadata: it is one request, whatever it looks like.
WHOLE = "whole"
_FOUND = "found_parts"
# What the part that speaks for a message gives it. All else stays of the whole, whose letters it is about.
_GIVEN = (INTENT, INTENT_RANKING_KEY, INTENT_SET, INTENT_FEATURES, EMBEDDING)


@dataclass(frozen=True)
class _Found:
    """The parts of one message, on it and on each part until the splitter has them; `text` as it was written."""

    text: str
    segments: list[Segment]
    messages: list[Message]


class _PerMessage(GraphComponent):
    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> _PerMessage:
        return cls()


# Of the kinds that Rasa knows, this one asks for nothing in training.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class RequestFinder(_PerMessage):
    """Adds the parts of each message that may be requests of their own, behind it in the list.

    First of the pipeline: it needs the lines of the message, and its places are of the text as written.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        return [each for message in messages for each in self._with_parts(message)]

    @staticmethod
    def _with_parts(message: Message) -> list[Message]:
        text = text_of(message)
        found = [] if is_payload(text) or (message.get("metadata") or {}).get(WHOLE) else segments(text)
        if not found:
            return [message]
        parts = [Message(data={TEXT: text[each.start : each.end], PART: True}) for each in found]
        message.set(_FOUND, _Found(text, found, parts))
        return [message, *parts]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class RequestSplitter(_PerMessage):
    """Makes a message of several requests the first of them, and sets `further_requests` on it.

    That is a list of `{"start", "end", "intent", "begins_task"}`, places in the text as the customer wrote it. What
    is understood later, such as entities and passages, is then of the first request alone.
    """

    def process(self, messages: list[Message]) -> list[Message]:
        found = [message.get(_FOUND) for message in messages if message.get(_FOUND) is not None]
        parts = {id(part) for each in found for part in each.messages}
        wholes = [message for message in messages if id(message) not in parts]
        for message in wholes:
            if message.get(_FOUND) is not None:
                self._split(message, message.get(_FOUND))
        return wholes

    def _split(self, message: Message, found: _Found) -> None:
        message.data.pop(_FOUND)
        parts = [
            part_of(found.text, segment, _intent_of(each))
            for segment, each in zip(found.segments, found.messages, strict=True)
        ]
        requests = separate(parts)
        if requests:
            first, *further = requests
            message.set(TEXT, _beginning(text_of(message), found.text[: first.end]), add_to_output=True)
            message.set(FURTHER_REQUESTS, [_to_json(each, parts) for each in further], add_to_output=True)
            _understand_as(message, found.messages[first.opening])
        elif (place := only_request(parts, _intent_of(message))) is not None:
            _understand_as(message, found.messages[place])


def _understand_as(message: Message, part: Message) -> None:
    """Give `message` what was understood of `part`."""
    for name in _GIVEN:
        if part.get(name) is not None:
            message.set(name, part.get(name), add_to_output=name in part.output_properties)


def _beginning(text: str, written: str) -> str:
    """The beginning of `text` that has the letters of `written`; blanks may have been put in or taken out since."""
    letters = len(normalise(written).replace(" ", ""))
    for place, letter in enumerate(text):
        letters -= letter != " "
        if letters == 0:
            return text[: place + 1]
    return text


def _intent_of(message: Message) -> Likely:
    intent = message.get(INTENT) or {}
    return Likely(str(intent.get("name")), float(intent.get("confidence") or 0.0))


def _to_json(request: Request, parts: list[Part]) -> dict[str, Any]:
    name = parts[request.opening].intent.name
    return {"start": request.start, "end": request.end, "intent": name, "begins_task": name in TASKS}

"""Puts the spaces back into "whereismyorder"."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code import code_digest
from bot.nlu.messages import intent_examples, is_payload, text_of

_COUNTS_FILE = "counts.json"
_WORD = re.compile(r"[^\W\d_]+")
# Letters only, and not within an address or a number; shorter ones may be any word.
_RUN = re.compile(r"(?<![\w@./-])[^\W\d_]{10,60}(?![\w@/-]|\.\w)")
_FEWEST_WORDS = 3
_LONGEST_WORD = 20
_RARE = 3


class Speller:
    """Splits a run of letters into the likeliest known words.

    Unigram segmentation (Norvig, Natural Language Corpus Data, in: Beautiful Data, 2009) over `counts`, how often the
    training examples have each word; rare words are no parts. What takes an unknown word, or fewer than three, stays
    as it is: it may be a compound or a name.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._known = frozenset(counts)
        self._parts = {word: n for word, n in counts.items() if n >= _RARE and (len(word) > 1 or word in "ai")}
        self._total = sum(self._parts.values())

    def with_spaces(self, text: str) -> str:
        return _RUN.sub(lambda found: self._split(found[0]), text)

    def _split(self, run: str) -> str:
        letters = run.lower()
        if letters in self._known or len(letters) != len(run):
            return run
        # For each prefix: the log probability of its best split, and where the last word of that begins.
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(letters) + 1):
            best.append(max(self._ending_at(letters, end, best), default=(-math.inf, 0)))
        if best[-1][0] == -math.inf:
            return run
        words, end = [], len(run)
        while end:
            start = best[end][1]
            words.append(run[start:end])
            end = start
        return " ".join(reversed(words)) if len(words) >= _FEWEST_WORDS else run

    def _ending_at(self, letters: str, end: int, best: list[tuple[float, int]]) -> Iterable[tuple[float, int]]:
        for start in range(max(0, end - _LONGEST_WORD), end):
            count = self._parts.get(letters[start:end])
            if count:
                yield best[start][0] + math.log(count / self._total), start


def word_counts(texts: Iterable[str]) -> dict[str, int]:
    """How often `texts` have each word, in lower case."""
    return dict(sorted(Counter(word for text in texts for word in _WORD.findall(text.lower())).items()))


# Of the kinds that Rasa knows, this one may both learn and read any message.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MissingSpaces(GraphComponent):
    """Sets the text of the message anew where words run together. Comes after the normaliser, before all else."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, counts: Mapping[str, int]) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._speller = Speller(counts)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MissingSpaces:
        return cls(model_storage, resource, {})

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MissingSpaces:
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, json.loads((folder / _COUNTS_FILE).read_text(encoding="utf-8")))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        return code_digest("spaces", "messages")

    def train(self, training_data: TrainingData) -> Resource:
        counts = word_counts(text_of(example) for example in intent_examples(training_data))
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _COUNTS_FILE).write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if text and not is_payload(text):
                message.set(TEXT, self._speller.with_spaces(text), add_to_output=True)
        return messages

"""The neural encoder of the pipeline: one pass for each message serves the intents and retrieval alike."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code import code_digest
from bot.nlu.emoji import spell_emoji, spell_with_places
from bot.nlu.home import data_folder
from bot.nlu.message_encoder import MessageOnnxEncoder
from bot.nlu.messages import intent_examples, intent_of, is_payload, text_of
from bot.nlu.pairs import pairs_digest, read_pairs
from bot.nlu.report import write_report
from bot.nlu.spaces import word_counts
from bot.nlu.spelling import SpellingRepair, whole_words
from bot.nlu.split import text_key, without_duplicates
from bot.nlu.training_text import Span, training_texts
from bot.nlu.vectors import (
    EMBEDDING,
    ENTITY_SCORES,
    INTENT_FEATURES,
    LANGUAGE,
    SPELLED,
    TRAINING_FEATURES,
    TrainingFeatures,
)

if TYPE_CHECKING:
    from bot.nlu.finetune import Finetuned
    from bot.nlu.onnx_export import Exported

logger = logging.getLogger(__name__)

PAIRS_FOLDER = "pairs"
FIRST_RUN_FILE = "first_run.npz"
WORDS_FILE = "words.json"

TRAINING_CODE = (
    "chain_learning", "dropout", "emoji", "finetune", "messages", "onnx_export", "pair_learning", "pairs", "precision",
    "quantise", "side_by_side", "split", "tag_chain", "tag_learning", "tagging", "torch_encoder", "torch_session",
    "training_cache", "training_run", "training_text", "two_runs", "typos", "weights",
)  # fmt: skip
# Checked against torch after export, besides some examples: the shapes that break a wrongly exported graph.
PARITY_TEXTS = ("", "?", "where is it 😀", "a" * 5_000, "my parcel has not come " * 60)
PARITY_EXAMPLES = 24


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class MessageEncoder(GraphComponent):
    """Fine-tunes the encoder in training; attaches `embedding` and `intent_features` to each message.

    Where entities are marked in the examples, `entity_scores` too: see `tagger.EntityTagger`. The vectors are those of
    the message with its mistyped words put right, which is attached as `spelled` where there are any; entities have
    the letters of the message as it is.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings of `training_run.FinetuneSettings` may be given too, each under its own name."""
        return {
            # Folder or hub name of the encoder to start from; none is the package with the pinned weights.
            "base": None,
            # Tokens read of a message; what comes after is not understood.
            "max_length": 128,
            # Whether the encoder serves in 8 bits: a third of the time in 32.
            "int8": True,
            # Folder of questions and answers to learn beside the intents, see bot/nlu/pairs.py; none is `pairs` in
            # the data folder, where `rapport train` puts those of the articles.
            "pairs": None,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        encoder: MessageOnnxEncoder | None,
        spelling: SpellingRepair | None = None,
    ) -> None:
        self.config = config
        self.encoder = encoder
        self._spelling = spelling or SpellingRepair({}, ())
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageEncoder:
        return cls({**cls.get_default_config(), **config}, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MessageEncoder:
        with model_storage.read_from(resource) as folder:
            encoder = MessageOnnxEncoder(folder)
            counts = json.loads((folder / WORDS_FILE).read_text(encoding="utf-8"))
        spelling = SpellingRepair(counts, whole_words(encoder.vocabulary))
        return cls({**cls.get_default_config(), **config}, model_storage, resource, encoder, spelling)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        return code_digest(*TRAINING_CODE) + pairs_digest(_pairs_folder(config))

    def train(self, training_data: TrainingData) -> Resource:
        """Fine-tunes on the intents' examples and keeps the exported encoder. torch is imported here alone."""
        # Read when torch is loaded: threads that wait by spinning slow a shared machine down tenfold.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from bot.nlu.finetune import finetune, load_tokenizer
        from bot.nlu.freed_memory import keep_freed_memory
        from bot.nlu.onnx_export import export_encoder
        from bot.nlu.torch_session import keep_weights
        from bot.nlu.training_run import FinetuneSettings
        from bot.nlu.weights import find_base_encoder

        keep_freed_memory()
        examples = intent_examples(training_data)
        texts, labels = without_duplicates(
            [text_of(example) for example in examples], [intent_of(example) for example in examples]
        )
        spelled = [spell_emoji(text) for text in texts]
        known = {field.name for field in dataclasses.fields(FinetuneSettings)}
        settings = FinetuneSettings(**{name: value for name, value in self.config.items() if name in known})
        base = find_base_encoder(self.config["base"])
        tokenizer = load_tokenizer(base, self.config["max_length"])
        pairs = read_pairs(_pairs_folder(self.config))
        result = finetune(base, tokenizer, spelled, labels, settings, _marked(training_data, texts), pairs=pairs)
        shown = [*PARITY_TEXTS, *spelled[:: max(1, len(texts) // PARITY_EXAMPLES)]]
        with self._model_storage.write_to(self._resource) as folder:
            exported = export_encoder(
                result.model, tokenizer, self.config["max_length"], folder, shown, result.chain, self.config["int8"]
            )
            if result.on_gpu:
                keep_weights(result.model, folder)
            (folder / WORDS_FILE).write_text(json.dumps(word_counts(texts), ensure_ascii=False), encoding="utf-8")
            _write_first_run(folder, texts, result)
            write_report(folder, _in_words(result, exported, labels))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Hands the classifier the features to learn from and those to calibrate on."""
        with self._model_storage.read_from(self._resource) as folder:
            first_run = _read_first_run(folder)
        examples = intent_examples(training_data)
        for example in examples:
            # One by one, as messages come: in 8 bits a text's company in a batch moves its numbers a little.
            (embedding,), (features,) = self.encoder.run([spell_emoji(text_of(example))])
            first_embedding, first_features, held_out = first_run[text_key(text_of(example))]
            handed = TrainingFeatures(features, embedding, first_features, first_embedding, held_out)
            example.set(TRAINING_FEATURES, handed)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        read = [message for message in messages if text_of(message).strip() and not is_payload(text_of(message))]
        if read and self.encoder is not None:
            for message in read:
                self._read(message, self.encoder)
        return messages

    def _read(self, message: Message, encoder: MessageOnnxEncoder) -> None:
        text = text_of(message)
        spelled = self._spelling.repair(text) if (message.get(LANGUAGE) or {}).get("trained", True) else text
        # One by one: in 8 bits a text's company in a batch moves its numbers a little.
        (written,) = encoder.read([spell_emoji(text)])
        (meant,) = (written,) if spelled == text else encoder.read([spell_emoji(spelled)])
        if spelled != text:
            message.set(SPELLED, spelled, add_to_output=False)
        message.set(EMBEDDING, meant.embedding, add_to_output=False)
        message.set(INTENT_FEATURES, meant.intent_features, add_to_output=False)
        message.set(ENTITY_SCORES, written.entity_scores, add_to_output=False)


def _marked(training_data: TrainingData, texts: Sequence[str]) -> list[list[Span]]:
    """The entities of each of `texts`, with letters of the text as the encoder reads it."""
    # Of texts that differ in case and spaces alone, `texts` holds the first.
    marked = {text_key(each.text): each.spans for each in reversed(training_texts(training_data)) if each.intent}
    return [[_in_spelling(span, text) for span in marked[text_key(text)]] for text in texts]


def _in_spelling(span: Span, text: str) -> Span:
    _, places = spell_with_places(text)
    start, end = bisect_left(places, span.start), bisect_left(places, span.end)
    return Span(start, end, span.label)


def _pairs_folder(config: dict[str, Any]) -> Path:
    return Path(config.get("pairs") or data_folder() / PAIRS_FOLDER)


def _in_words(result: Finetuned, exported: Exported, labels: Sequence[str]) -> str:
    said = [
        f"Encoder: {len(labels)} examples of {len(set(labels))} intents, {result.epochs} epochs",
        f"held-out accuracy {result.held_out_accuracy:.3f}",
        f"cosine to the base embedding {result.embedding_cosine:.3f}",
    ]
    if result.held_out_entities:
        said.append(f"held-out entities {result.held_out_entities}")
    if result.pairs:
        learned = "learned from" if result.pairs.kept else "left out"
        said.append(
            f"answers found first for {result.pairs.questions} held-out questions {result.pairs.before:.1%} before, "
            f"{result.pairs.after:.1%} after learning from pairs, so these were {learned}"
        )
    bits = "8 bits" if exported.quantised else "32 bits"
    said.append(
        f"exported in {bits}, largest difference of the graph {exported.largest_difference:.1e}, cosine of the "
        f"embedding in 8 bits {exported.mean_cosine:.4f}"
    )
    return "; ".join(said)


def _write_first_run(folder: Path, texts: Sequence[str], result: Finetuned) -> None:
    # Half precision: far more exact than the calibration needs.
    np.savez_compressed(
        folder / FIRST_RUN_FILE,
        keys=np.array([text_key(text) for text in texts]),
        embedding=result.first_embedding.astype(np.float16),
        features=result.first_features.astype(np.float16),
        held_out=result.held_out,
    )


def _read_first_run(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray, bool]]:
    with np.load(folder / FIRST_RUN_FILE, allow_pickle=False) as stored:
        embedding, features = (stored[name].astype(np.float32) for name in ("embedding", "features"))
        rows = zip(stored["keys"], embedding, features, stored["held_out"], strict=True)
        return {str(key): (vector, feature, bool(held_out)) for key, vector, feature, held_out in rows}

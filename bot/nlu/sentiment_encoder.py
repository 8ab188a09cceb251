"""The sentiment encoder as it serves: an ONNX graph, its tokenizer, and the facts that it is checked by.

model.onnx       input_ids, attention_mask (int64) -> logits (float32, (texts, 3)): negative, neutral, positive
tokenizer.json   of the tokenizers library
sentiment.json   sha256 of model.onnx, that of the adapter it was made of, max_length, temperature
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.nlu.errors import SentimentModelError
from bot.nlu.weights import sha256_of

# What ships with the project: the adapter, of which `rapport train` makes the three files, and sentences of customers.
SHIPPED = Path(__file__).parent / "sentiment_model"
ADAPTER, CONFIG, TYPICAL = "adapter.safetensors", "config.json", "service.yml"

GRAPH, TOKENIZER, FACTS = "model.onnx", "tokenizer.json", "sentiment.json"
OUTPUT = "logits"
LABELS = ("negative", "neutral", "positive")
NEGATIVE, NEUTRAL, POSITIVE = range(3)
_BATCH = 32


class SentimentEncoder:
    """Probabilities of negative, neutral and positive. Raises SentimentModelError for a missing or altered file."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        facts = _checked_facts(folder)
        self._temperature = float(facts["temperature"])
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(int(facts["max_length"]))
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Waiting threads must not spin: the other processes need the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(folder / GRAPH), options, ["CPUExecutionProvider"])

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (texts, 3), each row adding up to 1."""
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        logits = np.empty((len(texts), 3), np.float32)
        # Texts of like length go together, so that little of a batch is padding.
        order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            ids, mask = padded([encoded[row] for row in rows])
            logits[rows] = self._session.run([OUTPUT], {"input_ids": ids, "attention_mask": mask})[0]
        return self.probabilities_of(logits)

    def probabilities_of(self, logits: np.ndarray) -> np.ndarray:
        """The softmax of logits (texts, 3), made calmer by the fitted temperature."""
        scaled = logits / self._temperature
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)


def padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask, int64 (rows, tokens of the longest)."""
    width = max(len(row) for row in rows)
    ids, mask = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def _checked_facts(folder: Path) -> dict[str, object]:
    missing = [name for name in (GRAPH, TOKENIZER, FACTS) if not (folder / name).is_file()]
    if missing:
        raise SentimentModelError(f"The sentiment model in {folder} lacks {', '.join(missing)}: run `rapport train`.")
    try:
        facts: dict[str, object] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        expected = {name: facts[name] for name in ("sha256", "max_length", "temperature")}["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise SentimentModelError(f"{folder / FACTS} cannot be understood: {error!r}. Run `rapport train`.") from error
    found = sha256_of(folder / GRAPH)
    if found != expected:
        raise SentimentModelError(
            f"{folder / GRAPH} has sha256 {found}, not {expected}: the weights were altered. Run `rapport train`."
        )
    return facts

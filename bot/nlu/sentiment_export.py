"""Makes of the shipped adapter the folder that serving reads. Imported by training alone; see `sentiment_encoder`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bot.nlu.errors import ExportError
from bot.nlu.finetune import load_tokenizer
from bot.nlu.onnx_export import INPUTS, write_graph
from bot.nlu.quantise import quantise
from bot.nlu.sentiment_adapter import SHIPPED, AdapterConfig, merged_network
from bot.nlu.sentiment_data import service_sentences
from bot.nlu.sentiment_encoder import FACTS, GRAPH, OUTPUT, TOKENIZER, SentimentEncoder, padded
from bot.nlu.sentiment_training import logits_of
from bot.nlu.torch_encoder import token_ids
from bot.nlu.weights import find_base_encoder, sha256_of

# The shapes that break a wrongly exported graph.
ODD_TEXTS = ("", "?", "thanks", "a" * 5_000, "I love the lamp, but it came two weeks late and nobody told me why. " * 8)
# The largest difference of a logit between torch and the exported graph; anything near this is a wrong graph.
LARGEST_DIFFERENCE = 1e-3
# The mean difference of a probability that 8 bits may make, over the sentences of service.
LARGEST_MEAN_LOSS = 0.03
CALIBRATION_TEXTS = 64


@dataclass(frozen=True)
class Exported:
    """How far the exported files are from torch."""

    largest_difference: float
    """Of a logit, in 32 bits."""
    mean_loss: float
    """Of a probability, in 8 bits."""


def export_sentiment(folder: Path, adapter: Path = SHIPPED) -> Exported:
    """Writes graph, tokenizer and facts into `folder`, which exists.

    Raises SentimentModelError for an altered adapter, ExportError where the exported file computes something else.
    """
    config, network = merged_network(adapter)
    tokenizer = load_tokenizer(find_base_encoder(), config.max_length)
    sentences = [text for text, _ in service_sentences("dev")]
    exact = logits_of(network, tokenizer, [*ODD_TEXTS, *sentences])
    with tempfile.TemporaryDirectory() as aside:
        whole = Path(aside) / GRAPH
        write_graph(network, whole, (OUTPUT,))
        difference = _largest_difference(whole, tokenizer, [*ODD_TEXTS, *sentences], exact)
        typical = [text for text, _ in service_sentences("train")]
        typical = typical[:: max(1, len(typical) // CALIBRATION_TEXTS)]
        quantise(whole, folder / GRAPH, token_ids(tokenizer, typical))
    _write_facts(folder, config, tokenizer)
    served = SentimentEncoder(folder)
    expected = served.probabilities_of(exact[len(ODD_TEXTS) :])
    loss = float(np.abs(expected - served.probabilities(sentences)).mean())
    if not loss <= LARGEST_MEAN_LOSS:
        raise ExportError(
            f"In 8 bits the sentiment encoder's probabilities differ by {loss:.2g} on average "
            f"(at most {LARGEST_MEAN_LOSS:g} is sound). Install the exact versions of requirements.txt."
        )
    return Exported(difference, loss)


def _largest_difference(graph: Path, tokenizer: Tokenizer, texts: Sequence[str], exact: np.ndarray) -> float:
    """Of a logit, each text run by itself; ExportError above `LARGEST_DIFFERENCE`."""
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    found = [session.run([OUTPUT], dict(zip(INPUTS, padded([row]), strict=True)))[0][0]
             for row in token_ids(tokenizer, texts)]  # fmt: skip
    largest = float(np.abs(np.array(found) - exact).max())
    if not largest <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"The exported sentiment encoder differs from the trained one by {largest:.2g} "
            f"(at most {LARGEST_DIFFERENCE:g} is sound). Install the exact versions of requirements.txt."
        )
    return largest


def _write_facts(folder: Path, config: AdapterConfig, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(folder / TOKENIZER))
    facts = {
        "sha256": sha256_of(folder / GRAPH),
        "adapter_sha256": config.adapter_sha256,
        "max_length": config.max_length,
        "temperature": config.temperature,
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")

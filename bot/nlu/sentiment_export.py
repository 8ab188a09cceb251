"""Makes of the shipped adapter the folder that serving reads. Imported by training alone; see `sentiment_encoder`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.nlu.errors import ExportError
from bot.nlu.finetune import load_tokenizer
from bot.nlu.onnx_export import write_graph
from bot.nlu.sentiment_adapter import SHIPPED, merged_network
from bot.nlu.sentiment_encoder import FACTS, GRAPH, OUTPUT, TOKENIZER, SentimentEncoder
from bot.nlu.sentiment_training import logits_of
from bot.nlu.weights import find_base_encoder, sha256_of

# Sentences that differ in length and feeling, besides the shapes that break a wrongly exported graph.
PARITY_TEXTS = ("", "?", "thanks", "where is my order", "this is the worst shop I know, never again", "a" * 5_000,
                "I love the lamp, but it came two weeks late and nobody told me why. " * 8)  # fmt: skip
# The largest difference of a probability between torch and the exported file as it is served.
LARGEST_DIFFERENCE = 1e-4


def export_sentiment(folder: Path, adapter: Path = SHIPPED, texts: Sequence[str] = PARITY_TEXTS) -> float:
    """Writes graph, tokenizer and facts into `folder` (which exists); the largest difference to torch over `texts`.

    Raises SentimentModelError for an altered adapter, ExportError where the exported file computes something else.
    """
    config, network = merged_network(adapter)
    tokenizer = load_tokenizer(find_base_encoder(), config.max_length)
    write_graph(network, folder / GRAPH, (OUTPUT,))
    tokenizer.save(str(folder / TOKENIZER))
    facts = {
        "sha256": sha256_of(folder / GRAPH),
        "adapter_sha256": config.adapter_sha256,
        "max_length": config.max_length,
        "temperature": config.temperature,
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    served = SentimentEncoder(folder)
    expected = served.probabilities_of(logits_of(network, tokenizer, texts))
    largest = float(np.abs(expected - served.probabilities(texts)).max())
    if not largest <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"The exported sentiment encoder differs from the trained one by {largest:.2g} "
            f"(at most {LARGEST_DIFFERENCE:g} is sound). Install the exact versions of requirements.txt."
        )
    return largest

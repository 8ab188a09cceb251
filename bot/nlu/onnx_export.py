"""Writes the trained encoder as the folder that serving reads, and checks that it computes the same.

model.onnx       input_ids, attention_mask (int64) -> embedding, intent_features (float32, (texts, width)),
                 and entity_scores (float32, (texts, tokens, tags)) where entities were learned
tokenizer.json   of the tokenizers library, cutting at max_length
encoder.json     fingerprint (sha256 of model.onnx), dimension, max_length, tags (absent without entities)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import nn

from bot.nlu.errors import ExportError
from bot.nlu.quiet import quiet_logging
from bot.nlu.torch_encoder import TorchEncoder, padded, token_ids
from bot.nlu.weights import sha256_of

# The largest difference measured between torch and ONNX is 2e-6; anything near this is a wrong graph.
LARGEST_DIFFERENCE = 1e-4

INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("embedding", "intent_features", "entity_scores")


def export_encoder(
    model: TorchEncoder, tokenizer: Tokenizer, max_length: int, folder: Path, tags: Sequence[str] = ()
) -> str:
    """Writes the three files into `folder` (which exists) and returns the fingerprint.

    `tags` are the names of the last axis of `entity_scores`, none for a model without that output.
    """
    path = folder / "model.onnx"
    write_graph(model, path)
    fingerprint = sha256_of(path)
    tokenizer.save(str(folder / "tokenizer.json"))
    facts: dict[str, object] = {"fingerprint": fingerprint, "dimension": model.width, "max_length": max_length}
    if tags:
        facts["tags"] = list(tags)
    (folder / "encoder.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return fingerprint


def check_parity(model: TorchEncoder, tokenizer: Tokenizer, texts: Sequence[str], folder: Path) -> float:
    """The largest difference of any output between torch and the exported file, over `texts` alone and together.

    Raises `ExportError` above `LARGEST_DIFFERENCE`: such a file would answer wrongly without any other sign.
    """
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    ids = token_ids(tokenizer, texts)
    largest = 0.0
    for group in [[row] for row in ids] + [ids]:
        input_ids, mask = padded(group, torch.device("cpu"))
        with torch.inference_mode():
            expected = model(input_ids, mask)
        found = session.run(None, dict(zip(INPUTS, (input_ids.numpy(), mask.numpy()), strict=True)))
        for ours, theirs in zip(expected, found, strict=True):
            largest = max(largest, float(np.abs(ours.numpy() - theirs).max()))
    if not largest <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"The exported encoder differs from the trained one by {largest:.2g} (at most {LARGEST_DIFFERENCE:g} is "
            f"sound). torch {torch.__version__} and onnxruntime {onnxruntime.__version__} do not fit together: "
            "install the exact versions of requirements.txt."
        )
    return largest


def write_graph(model: nn.Module, path: Path, outputs: Sequence[str] = OUTPUTS) -> None:
    """Any network of ours that takes `INPUTS`, with names for its outputs in their order."""
    # Two texts of different length, so that no size is taken for a constant.
    example = padded([[101, 7592, 2088, 102], [101, 2748, 102]], torch.device("cpu"))
    sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with quiet_logging("torch.onnx"), torch.inference_mode(False), torch.no_grad():
        # The older, traced exporter (dynamo=False) writes a graph that is silently wrong for this model.
        program = torch.onnx.export(
            model.eval(),
            example,
            dynamic_shapes=(sizes, sizes),
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    graph = program.model.graph
    # The exporter calls the looked-up word vectors "embedding", a name that the output needs.
    for number, node in enumerate(graph):
        for place, value in enumerate(node.outputs):
            value.name = f"step_{number}_{place}"
    for value, name in zip(graph.inputs, INPUTS, strict=True):
        value.name = name
    # An encoder without entities has no third output.
    for value, name in zip(graph.outputs, outputs, strict=False):
        value.name = name
    program.save(str(path), external_data=False)

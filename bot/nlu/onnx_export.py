"""Writes the trained encoder as the folder that serving reads, and checks that it computes the same.

model.onnx       in 8 bits (see `quantise`): input_ids, attention_mask (int64) -> embedding, intent_features
                 (float32, (texts, width)), and entity_scores (float32, (texts, tokens, tags)) where entities were
                 learned
tokenizer.json   of the tokenizers library, cutting at max_length
encoder.json     fingerprint (sha256 of model.onnx), dimension, max_length, and the tags with the scores of their steps
                 (absent without entities)
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import nn

from bot.nlu.errors import ExportError
from bot.nlu.quantise import quantise
from bot.nlu.quiet import quiet_logging
from bot.nlu.tag_chain import TagChain
from bot.nlu.torch_encoder import TorchEncoder, padded, token_ids
from bot.nlu.weights import sha256_of

# The largest difference measured between torch and ONNX is 2e-6; anything near this is a wrong graph.
LARGEST_DIFFERENCE = 1e-4

# Below it the answers would change; MiniLM fine-tuned on the demo bot keeps .997.
LEAST_COSINE = 0.99

INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("embedding", "intent_features", "entity_scores")


@dataclass(frozen=True)
class Exported:
    """How near the file that serves is to the trained encoder."""

    largest_difference: float
    """Of any output between torch and the graph in 32 bits."""
    mean_cosine: float
    """Between the embeddings in 32 and in 8 bits."""
    quantised: bool


def export_encoder(
    model: TorchEncoder,
    tokenizer: Tokenizer,
    max_length: int,
    folder: Path,
    texts: Sequence[str],
    chain: TagChain | None = None,
    quantised: bool = True,
) -> Exported:
    """Writes the three files into `folder` (which exists).

    `texts` are what it will read, odd ones among them; the parity is measured on them. `chain` has the tags of the
    last axis of `entity_scores`; none for a model without that output. Where 8 bits would change the embedding by more
    than `LEAST_COSINE`, the 32 bits are kept: slower, and right.
    """
    path = folder / "model.onnx"
    ids = token_ids(tokenizer, texts)
    with tempfile.TemporaryDirectory() as aside:
        full = Path(aside) / "full.onnx"
        write_graph(model, full)
        difference = check_parity(model, ids, full)
        cosine = 1.0
        if quantised:
            quantise(full, path, ids)
            cosine = mean_cosine(full, path, ids)
        if not quantised or cosine < LEAST_COSINE:
            shutil.copyfile(full, path)
    tokenizer.save(str(folder / "tokenizer.json"))
    facts: dict[str, object] = {"fingerprint": sha256_of(path), "dimension": model.width, "max_length": max_length}
    if chain is not None:
        facts |= chain.facts()
    (folder / "encoder.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return Exported(difference, cosine, quantised and cosine >= LEAST_COSINE)


def check_parity(model: TorchEncoder, ids: Sequence[Sequence[int]], path: Path) -> float:
    """The largest difference of any output between torch and the file `path`, over texts alone and together.

    Raises `ExportError` above `LARGEST_DIFFERENCE`: such a file would answer wrongly without any other sign.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    largest = 0.0
    for group in [[row] for row in ids] + [list(ids)]:
        input_ids, mask = padded(group, torch.device("cpu"))
        with torch.inference_mode():
            expected = model(input_ids, mask)
        found = session.run(None, dict(zip(INPUTS, (input_ids.numpy(), mask.numpy()), strict=True)))
        for ours, theirs in zip(expected, found, strict=True):
            apart = np.abs(ours.numpy() - theirs)
            if apart.ndim == 3:
                # What fills a batch up belongs to no text: nobody reads its scores, and they round differently.
                apart = apart[mask.numpy().astype(bool)]
            largest = max(largest, float(apart.max()))
    if not largest <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"The exported encoder differs from the trained one by {largest:.2g} (at most {LARGEST_DIFFERENCE:g} is "
            f"sound). torch {torch.__version__} and onnxruntime {onnxruntime.__version__} do not fit together: "
            "install the exact versions of requirements.txt."
        )
    return largest


def mean_cosine(one: Path, other: Path, ids: Sequence[Sequence[int]]) -> float:
    """Of the embeddings (length 1) that two exported encoders give to the same texts, each read alone."""
    embeddings = []
    for path in (one, other):
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        rows = []
        for row in ids:
            input_ids, mask = padded([row], torch.device("cpu"))
            feed = dict(zip(INPUTS, (input_ids.numpy(), mask.numpy()), strict=True))
            rows.append(session.run(["embedding"], feed)[0][0])
        embeddings.append(np.stack(rows))
    return float((embeddings[0] * embeddings[1]).sum(axis=1).mean())


def write_graph(model: nn.Module, path: Path, outputs: Sequence[str] = OUTPUTS) -> None:
    """Any network of ours over a `bert` that takes `INPUTS`, with names for its outputs in their order."""
    # Plain attention: the exporter writes it as it is.
    model.bert.set_attn_implementation("eager")
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

"""The encoder in 8 bits beside the one in 32: the same neighbours, the same decisions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from bot.nlu.finetune import load_tokenizer
from bot.nlu.onnx_export import LEAST_COSINE, Exported, export_encoder
from bot.nlu.torch_encoder import load_encoder
from bot.nlu.weights import find_base_encoder, sha256_of
from knowledge.embed import OnnxEncoder

TEXTS = [
    "where is my order", "has my parcel been sent yet", "when does the kettle arrive",
    "I want to send the lamp back", "return the broken headphones please", "can I give the pan back",
    "how much is the coffee grinder", "what does delivery cost", "is there a discount for gold members",
    "you sent the wrong colour", "one cup is missing from the set", "the screen arrived cracked",
    "stop sending me newsletters", "delete everything you know about me", "who can read my data",
    "let me talk to a person", "is there a human here", "thanks, that was quick", "good morning", "👍",
    "a" * 3_000, "?", "it is far too late " * 40,
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Exported, OnnxEncoder, OnnxEncoder]:
    """The base encoder, in 8 and in 32 bits."""
    base = find_base_encoder()
    torch.manual_seed(0)
    model, tokenizer = load_encoder(base, frozen_layers=0).eval(), load_tokenizer(base, 128)
    small, full = (tmp_path_factory.mktemp(name) for name in ("small", "full"))
    export_encoder(model, tokenizer, 128, full, TEXTS, quantised=False)
    return export_encoder(model, tokenizer, 128, small, TEXTS), OnnxEncoder(small), OnnxEncoder(full)


def test_it_stays_near_the_full_one_in_a_quarter_of_the_size(
    exported: tuple[Exported, OnnxEncoder, OnnxEncoder],
) -> None:
    said, small, full = exported
    assert said.quantised and said.mean_cosine >= LEAST_COSINE
    assert said.largest_difference < 1e-4
    sizes = [(encoder.folder / "model.onnx").stat().st_size for encoder in (small, full)]
    assert sizes[0] < 0.3 * sizes[1]
    stated = json.loads((small.folder / "encoder.json").read_text(encoding="utf-8"))
    assert stated["fingerprint"] == sha256_of(small.folder / "model.onnx")


def test_the_nearest_text_is_the_nearest_in_32_bits_or_as_near(
    exported: tuple[Exported, OnnxEncoder, OnnxEncoder],
) -> None:
    likeness = []
    for encoder in exported[1:]:
        vectors = np.concatenate([encoder.encode([text]) for text in TEXTS])
        likeness.append(vectors @ vectors.T - 2 * np.eye(len(TEXTS)))
    chosen = likeness[0].argmax(axis=1)
    lost = likeness[1].max(axis=1) - likeness[1][np.arange(len(TEXTS)), chosen]
    assert lost.max() < 0.03


def test_a_text_means_the_same_alone_and_in_company(exported: tuple[Exported, OnnxEncoder, OnnxEncoder]) -> None:
    small = exported[1]
    together = small.encode(TEXTS)
    alone = np.concatenate([small.encode([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.97

"""What serves on a GPU says the same as what serves on a CPU. torch computes alike on both; here it runs on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bot.nlu.finetune import load_tokenizer
from bot.nlu.message_encoder import MessageOnnxEncoder
from bot.nlu.onnx_export import LARGEST_DIFFERENCE, LEAST_COSINE, export_encoder
from bot.nlu.torch_encoder import load_encoder
from bot.nlu.torch_session import TorchSession, has_gpu, keep_weights
from bot.nlu.weights import find_base_encoder
from tests.bot.nlu.chains import free_chain

TEXTS = ["where is my order", "I want to send the blue lamp back", "thanks!", "a" * 900, "?"]
CHAIN = free_chain(("O", "B-product", "I-product"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same model in 32 bits, with its weights, and in 8 bits."""
    base = find_base_encoder()
    torch.manual_seed(1)
    model, tokenizer = load_encoder(base, frozen_layers=3, tags=len(CHAIN.tags)).eval(), load_tokenizer(base, 128)
    full, small = (tmp_path_factory.mktemp(name) for name in ("full", "small"))
    export_encoder(model, tokenizer, 128, full, TEXTS, CHAIN, quantised=False)
    keep_weights(model, full)
    export_encoder(model, tokenizer, 128, small, TEXTS, CHAIN)
    return full, small


def test_all_outputs_are_those_of_the_graph(folders: tuple[Path, Path]) -> None:
    by_graph, by_torch = MessageOnnxEncoder(folders[0]), MessageOnnxEncoder(folders[0])
    by_torch._session = TorchSession(folders[0], "cpu")
    for expected, found in zip(by_graph.read(TEXTS), by_torch.read(TEXTS), strict=True):
        assert np.abs(expected.embedding - found.embedding).max() < LARGEST_DIFFERENCE
        assert np.abs(expected.intent_features - found.intent_features).max() < LARGEST_DIFFERENCE
        assert expected.entity_scores and found.entity_scores
        assert np.abs(expected.entity_scores.scores - found.entity_scores.scores).max() < 10 * LARGEST_DIFFERENCE


def test_the_embedding_in_8_bits_is_as_near_as_stated(folders: tuple[Path, Path]) -> None:
    small, by_torch = MessageOnnxEncoder(folders[1]), MessageOnnxEncoder(folders[0])
    by_torch._session = TorchSession(folders[0], "cpu")
    assert (small.encode(TEXTS) * by_torch.encode(TEXTS)).sum(axis=1).mean() >= LEAST_COSINE


def test_without_kept_weights_no_gpu_is_looked_for(folders: tuple[Path, Path]) -> None:
    assert not has_gpu(folders[1])

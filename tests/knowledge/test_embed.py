"""The ONNX encoder on a small real model: its embedding of a text is the mean of its tokens' vectors."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from knowledge.embed import OnnxEncoder, load_encoder
from knowledge.errors import EncoderError, EncoderMissing

WORDS = ["[UNK]", "return", "item", "parcel", "coffee", "machine"]
TABLE = np.random.default_rng(1).normal(size=(len(WORDS), 8)).astype(np.float32)


def make_folder(folder: Path, outputs: tuple[str, str] = ("embedding", "intent_features")) -> Path:
    folder.mkdir(exist_ok=True)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["tokens"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weight"]),
        helper.make_node("Mul", ["tokens", "weight"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], [outputs[1]], keepdims=0),
        helper.make_node("ReduceL2", [outputs[1]], ["length"], axes=[1], keepdims=1),
        helper.make_node("Div", [outputs[1], "length"], [outputs[0]]),
    ]
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "t"]) for n in ("input_ids", "attention_mask")]
    out = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", 8]) for n in outputs]
    constants = [
        numpy_helper.from_array(TABLE, "table"),
        numpy_helper.from_array(np.array([-1]), "last"),
        numpy_helper.from_array(np.array([1]), "middle"),
    ]
    graph = helper.make_graph(nodes, "mean", ids, out, constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        folder / "model.onnx",
    )
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    values = {"fingerprint": "tiny-1", "dimension": 8, "max_length": 4}
    (folder / "encoder.json").write_text(json.dumps(values))
    return folder


def unit(*words: str) -> np.ndarray:
    total = sum(TABLE[WORDS.index(word)] for word in words)
    return total / np.linalg.norm(total)


def test_texts_of_any_length_keep_their_order(tmp_path: Path) -> None:
    encoder = load_encoder(make_folder(tmp_path / "encoder"))
    texts = ["coffee machine", "return", "return item parcel", "machine"] * 20
    vectors = encoder.encode(texts)
    assert vectors.shape == (80, 8)
    assert vectors.dtype == np.float32
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(vector, unit(*text.split()), atol=1e-5)
    assert (encoder.fingerprint, encoder.dimension) == ("tiny-1", 8)


def test_a_text_longer_than_the_model_allows_is_cut(tmp_path: Path) -> None:
    encoder = load_encoder(make_folder(tmp_path / "encoder"))
    long, short = encoder.encode(["return item parcel coffee machine machine", "return item parcel coffee"])
    np.testing.assert_allclose(long, short, atol=1e-6)


def test_both_outputs_come_from_one_pass(tmp_path: Path) -> None:
    encoder = OnnxEncoder(make_folder(tmp_path / "encoder"))
    embedding, features = encoder.run(["return item"])
    np.testing.assert_allclose(features[0], TABLE[1] + TABLE[2], atol=1e-5)
    np.testing.assert_allclose(embedding[0], unit("return", "item"), atol=1e-5)


def test_no_texts_are_no_vectors(tmp_path: Path) -> None:
    assert load_encoder(make_folder(tmp_path / "encoder")).encode([]).shape == (0, 8)


def test_a_missing_encoder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match=r"no encoder in .*; `rapport train` makes one"):
        load_encoder(tmp_path)


def test_an_incomplete_or_broken_folder_says_what_is_wrong(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "encoder")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EncoderError, match=r"lacks tokenizer\.json"):
        load_encoder(folder)
    folder = make_folder(tmp_path / "encoder", outputs=("other", "names"))
    with pytest.raises(EncoderError, match="gives names, other instead of embedding, intent_features"):
        load_encoder(folder)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(EncoderError, match=r"model\.onnx cannot be loaded"):
        load_encoder(folder)
    (folder / "encoder.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"encoder\.json cannot be understood.*fingerprint"):
        load_encoder(folder)

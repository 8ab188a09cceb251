"""Texts into vectors: the interface, and the encoder that serves from an ONNX folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EncoderError, EncoderMissing

Matrix = NDArray[np.float32]

# Texts of one run of the model; more do not run faster on a CPU and need memory in proportion.
_BATCH = 32
_OUTPUTS = ("embedding", "intent_features")


class Encoder(Protocol):
    """Texts into vectors whose inner product tells how near two texts are in meaning."""

    @property
    def fingerprint(self) -> str:
        """Equal for two encoders exactly when they give the same vectors."""

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """float32 of shape (len(texts), dimension), each row of length 1."""


class OnnxEncoder:
    """The encoder in a folder of `model.onnx`, `tokenizer.json` and `encoder.json`.

    The model takes `input_ids` and `attention_mask` (int64, batch x tokens) and gives `embedding`
    (mean-pooled, length 1) and `intent_features`, both (batch, dimension). `encoder.json` holds
    `fingerprint`, `dimension` and `max_length` (tokens; longer texts are cut).
    Raises EncoderMissing or EncoderError with what is wrong in the folder.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.folder = folder
        values = _read_values(folder)
        self._fingerprint = str(values["fingerprint"])
        self._dimension = int(values["dimension"])
        self._tokenizer = _load_tokenizer(folder, int(values["max_length"]))
        self._session = _load_session(folder, threads)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Matrix:
        return self.run(texts)[0]

    def run(self, texts: Sequence[str]) -> tuple[Matrix, Matrix]:
        """Embeddings and intent features of `texts`, each float32 (len(texts), dimension)."""
        embedding = np.zeros((len(texts), self._dimension), dtype=np.float32)
        features = np.zeros_like(embedding)
        for rows, _, outputs in self.passes(texts, _OUTPUTS):
            embedding[rows], features[rows] = outputs
        return embedding, features

    def passes(self, texts: Sequence[str], outputs: Sequence[str]) -> Iterator[tuple[list[int], list[Any], list[Any]]]:
        """The model's `outputs` in batches: places in `texts`, their encodings, an array for each output."""
        encodings = self._tokenizer.encode_batch(list(texts))
        # Texts of like length go together, so that little of a batch is padding.
        order = sorted(range(len(texts)), key=lambda place: len(encodings[place].ids))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            chosen = [encodings[row] for row in rows]
            yield rows, chosen, self._session.run(list(outputs), _inputs([each.ids for each in chosen]))


def load_encoder(folder: Path, threads: int = 1) -> OnnxEncoder:
    """The encoder in `folder`, tried on one text; `threads` above 1 speeds up the encoding of many.

    Raises EncoderMissing where there is none, EncoderError where it does not do what an encoder must.
    """
    encoder = OnnxEncoder(folder, threads)
    try:
        vectors = encoder.encode(["a text"])
    except EncoderError:
        raise
    except Exception as error:
        raise EncoderError(f"the encoder in {folder} does not run: {error}; train it again") from error
    length = float(np.linalg.norm(vectors[0]))
    if not np.isclose(length, 1.0, atol=1e-2):
        raise EncoderError(f"the encoder in {folder} gives vectors of length {length:.3f} instead of 1")
    return encoder


def read_fingerprint(folder: Path) -> str | None:
    """The fingerprint of the encoder in `folder` without loading it, None where there is none."""
    return str(_read_values(folder)["fingerprint"]) if (folder / "encoder.json").is_file() else None


def _inputs(rows: list[list[int]]) -> dict[str, NDArray[np.int64]]:
    width = max(len(row) for row in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _read_values(folder: Path) -> dict[str, Any]:
    missing = [name for name in ("encoder.json", "tokenizer.json", "model.onnx") if not (folder / name).is_file()]
    if len(missing) == 3:
        raise EncoderMissing(f"there is no encoder in {folder}; `rapport train` makes one")
    if missing:
        raise EncoderError(f"the encoder in {folder} lacks {', '.join(missing)}; train it again")
    try:
        values = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        return {name: values[name] for name in ("fingerprint", "dimension", "max_length")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{folder / 'encoder.json'} cannot be understood: {error!r}") from error


def _load_tokenizer(folder: Path, max_length: int) -> Any:
    from tokenizers import Tokenizer  # type: ignore[import-untyped]

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:
        raise EncoderError(f"{folder / 'tokenizer.json'} cannot be read: {error}") from error
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


def _load_session(folder: Path, threads: int) -> Any:
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads must not spin: the other processes need the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EncoderError(f"{folder / 'model.onnx'} cannot be loaded: {error}; train it again") from error
    outputs = {output.name for output in session.get_outputs()}
    if not outputs.issuperset(_OUTPUTS):
        raise EncoderError(
            f"{folder / 'model.onnx'} gives {', '.join(sorted(outputs))} instead of {', '.join(_OUTPUTS)}"
        )
    return session

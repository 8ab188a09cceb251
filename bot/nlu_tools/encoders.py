"""Vectors of the examples: by the base encoder, which has not learned the labels that are to be checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.emoji import spell_emoji
from bot.nlu.split import text_key
from bot.nlu.weights import find_base_encoder, sha256_of
from knowledge.embed import Encoder

Progress = Callable[[int, int], None]
_MAX_LENGTH = 128
_BATCH = 64
# A cache with more texts than this is begun anew.
_MOST = 100_000


class FrozenEncoder:
    """The encoder that training starts from, as it is. torch is loaded when the first text is read."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or find_base_encoder()
        self.fingerprint = sha256_of(self.folder / "model.safetensors")[:24]
        self._model: Any = None

    @property
    def dimension(self) -> int:
        return int(self._loaded().width)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """float32 (texts, dimension): mean over the tokens, rows of length 1."""
        import torch

        from bot.nlu.finetune import load_tokenizer
        from bot.nlu.torch_encoder import batches, padded, token_ids

        model = self._loaded()
        ids = token_ids(load_tokenizer(self.folder, _MAX_LENGTH), texts)
        vectors = np.zeros((len(texts), model.width), np.float32)
        done = 0
        with torch.inference_mode():
            for rows in batches(np.array([len(row) for row in ids]), _BATCH):
                vectors[rows] = model(*padded([ids[row] for row in rows], torch.device("cpu")))[0].numpy()
                done += len(rows)
                if progress:
                    progress(done, len(texts))
        return vectors

    def _loaded(self) -> Any:
        if self._model is None:
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            from bot.nlu.torch_encoder import load_encoder

            self._model = load_encoder(self.folder, 0).eval()
        return self._model


def encode_cached(encoder: Encoder, texts: Sequence[str], folder: Path, progress: Progress | None = None) -> np.ndarray:
    """float32 (texts, dimension), those read before from a file of `folder` named after the encoder."""
    path = folder / f"vectors-{encoder.fingerprint[:24]}.npz"
    keys = [text_key(text) for text in texts]
    known = _read(path)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        spelled = [spell_emoji(text) for text in new.values()]
        vectors = encoder.encode(spelled, progress) if isinstance(encoder, FrozenEncoder) else encoder.encode(spelled)
        made = dict(zip(new, vectors, strict=True))
        if len(known) + len(made) > _MOST:
            known = {key: known[key] for key in keys if key in known}
        known |= made
        _write(path, known)
    return np.stack([known[key] for key in keys])


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}  # none, or damaged: made anew


def _write(path: Path, vectors: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(aside, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    aside.replace(path)

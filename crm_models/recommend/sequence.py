"""The sequence model at serving: a small causal transformer in numpy, with the weights that `sequence_training` found.

SASRec (Kang and McAuley 2018): what comes next is read from what was bought, in its order. An item's vector is its own
embedding plus the mean of the vectors of its words or attributes, brought to length 1, so that an item nobody bought
yet has a vector too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_EPSILON = 1e-5  # of layer normalisation, as in PyTorch


@dataclass(frozen=True)
class SequenceModel:
    """Weights of a trained model.

    `items` is float32 (items, hidden), `tokens` float32 (tokens, hidden); `weights` holds the transformer's arrays by
    the names that PyTorch gave them.
    """

    items: Array
    tokens: Array
    weights: Mapping[str, Array]
    blocks: int
    heads: int

    @property
    def length(self) -> int:
        """The newest purchases that are read."""
        return len(self.weights["position.weight"])

    def state(self, history: Sequence[int]) -> Array:
        """Where somebody stands after these items, oldest first; float32 (hidden,)."""
        rows = list(history)[-self.length :]
        hidden = self.items[rows] + self.weights["position.weight"][: len(rows)]
        for number in range(self.blocks):
            hidden = self._block(hidden, f"layers.{number}.")
        last: Array = self._norm(hidden[-1:], "norm.")[0]
        return last

    def scores(self, history: Sequence[int]) -> Array:
        """Log-odds of each item to come next, up to a constant; float32 (items,), zeros without a history."""
        if not len(history):
            return np.zeros(len(self.items), dtype=np.float32)
        found: Array = self.items @ self.state(history)
        return found

    def ahead(self, history: Sequence[int], rows: Sequence[int] | slice = slice(None)) -> Array:
        """Scores of these rows in standard deviations above the mean of all items; float32 (rows,)."""
        if not len(history):
            return np.zeros(len(self.items[rows]), dtype=np.float32)
        state = self.state(history)
        mean, spread = self._spread
        deviation = max(float(np.sqrt(max(float(state @ spread @ state), 0.0))), 1e-6)
        found: Array = (self.items[rows] @ state - np.float32(mean @ state)) / np.float32(deviation)
        return found

    @cached_property
    def _spread(self) -> tuple[Array, Array]:
        """Mean and covariance of the items' vectors, from which the spread of all scores follows without them."""
        mean = self.items.mean(axis=0)
        centred = self.items - mean
        return mean, centred.T @ centred / np.float32(len(centred))

    def vector(self, tokens: Sequence[int]) -> Array:
        """The vector of an item of which only words or attributes are known; float32 (hidden,), of length 1."""
        if not len(tokens):
            return np.zeros(self.items.shape[1], dtype=np.float32)
        mean: Array = self.tokens[list(tokens)].mean(axis=0)
        found: Array = mean / np.maximum(np.linalg.norm(mean), np.float32(1e-12))
        return found

    def _block(self, hidden: Array, name: str) -> Array:
        hidden = hidden + self._attention(self._norm(hidden, name + "first."), name)
        inner = self._linear(self._norm(hidden, name + "second."), name + "wide.")
        return hidden + self._linear(np.maximum(inner, 0.0), name + "narrow.")

    def _attention(self, hidden: Array, name: str) -> Array:
        """Each position looks at itself and at what came before."""
        length, width = hidden.shape
        both = self._linear(hidden, name + "qkv.").reshape(length, 3, self.heads, width // self.heads)
        query, key, value = (both[:, part].transpose(1, 0, 2) for part in range(3))
        near = query @ key.transpose(0, 2, 1) / np.sqrt(np.float32(width // self.heads))
        near = np.where(np.tri(length, dtype=np.bool_), near, np.float32(-np.inf))
        share = np.exp(near - near.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        return self._linear((share @ value).transpose(1, 0, 2).reshape(length, width), name + "out.")

    def _linear(self, hidden: Array, name: str) -> Array:
        found: Array = hidden @ self.weights[name + "weight"].T + self.weights[name + "bias"]
        return found

    def _norm(self, hidden: Array, name: str) -> Array:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        found: Array = centred / spread * self.weights[name + "weight"] + self.weights[name + "bias"]
        return found

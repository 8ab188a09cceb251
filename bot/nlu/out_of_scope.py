"""Whether a message is unlike everything the bot knows, so that even its likeliest intent means nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KnownGround:
    """The embeddings of all in-scope examples and the distance to them beyond which a message is refused.

    Score: 1 - cosine to the nearest example (Sun, Ming, Zhu, Li: Out-of-Distribution Detection with Deep Nearest
    Neighbors, ICML 2022, with k = 1 as the intents have few examples). The classifier's own certainty tells little
    here: a question about the weather has a very certain nearest intent.
    """

    examples: np.ndarray
    """float32 (examples, width), rows of length 1."""
    farthest: float

    def distance(self, embedding: np.ndarray) -> float:
        return float(distances(embedding[None, :], self.examples)[0])

    def refuses(self, embedding: np.ndarray) -> bool:
        return self.distance(embedding) > self.farthest


def distances(embeddings: np.ndarray, examples: np.ndarray) -> np.ndarray:
    """float32 (n,) in [0, 2]: each row's distance to the nearest example. Rows have length 1."""
    return 1.0 - (embeddings @ examples.T).max(axis=1)


def fit_farthest(held_out: np.ndarray, examples: np.ndarray, refused_share: float) -> float:
    """The distance that all but `refused_share` of the held-out in-scope rows keep from the learned `examples`."""
    if not 0 <= refused_share < 1:
        raise ValueError(f"The refused share must lie in [0, 1), not {refused_share}.")
    return float(np.quantile(distances(held_out, examples), 1.0 - refused_share, method="higher"))

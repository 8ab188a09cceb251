"""Tags of words as a chain: which tag likes to follow which, the best sequence, and how sure it is of each word.

A linear-chain conditional random field (Lafferty, McCallum and Pereira, ICML 2001): the score of a sequence is the sum
of the encoder's scores of its tags and of the steps between them. `chain_learning` learns the steps; this module serves
and needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

OUTSIDE = "O"
_IMPOSSIBLE = np.float32(-1e9)
_DIGITS = 5


@dataclass(frozen=True)
class TagChain:
    """Nothing may go on with an entity that did not begin: no `I-x` but after `B-x` or `I-x`."""

    tags: tuple[str, ...]
    """BIO, `O` among them; none where no entity was learned."""
    starts: np.ndarray
    """float32 (tags,): score of beginning with a tag."""
    steps: np.ndarray
    """float32 (tags, tags): score of going from the first to the second."""

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """What `facts` wrote."""
        arrays = {name: np.array(facts.get(f"tag_{name}", ()), np.float32) for name in ("starts", "steps")}
        return cls(tuple(facts.get("tags", ())), **arrays)

    def facts(self) -> dict[str, Any]:
        """As JSON; empty without tags."""
        if not self.tags:
            return {}
        arrays = {"tag_starts": self.starts, "tag_steps": self.steps}
        return {"tags": list(self.tags), **{name: np.round(each, _DIGITS).tolist() for name, each in arrays.items()}}

    @cached_property
    def _possible_starts(self) -> np.ndarray:
        begun = [tag.startswith("I-") for tag in self.tags]
        return np.where(begun, _IMPOSSIBLE, self.starts)

    @cached_property
    def _possible_steps(self) -> np.ndarray:
        allowed = np.ones((len(self.tags), len(self.tags)), dtype=bool)
        for after, tag in enumerate(self.tags):
            if tag.startswith("I-"):
                allowed[:, after] = [before in (f"B-{tag[2:]}", tag) for before in self.tags]
        return np.where(allowed, self.steps, _IMPOSSIBLE)

    def best(self, scores: np.ndarray) -> np.ndarray:
        """int (words,): the likeliest sequence for `scores`, float32 (words, tags), by Viterbi's algorithm."""
        steps = self._possible_steps
        reached = self._possible_starts + scores[0]
        came_from = np.zeros(scores.shape, dtype=np.int64)
        for word in range(1, len(scores)):
            ways = reached[:, None] + steps
            came_from[word] = ways.argmax(0)
            reached = ways.max(0) + scores[word]
        best = np.zeros(len(scores), dtype=np.int64)
        best[-1] = reached.argmax()
        for word in range(len(scores) - 1, 0, -1):
            best[word - 1] = came_from[word, best[word]]
        return best

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """float32 (words, tags): of each tag at each word over all sequences, by the forward-backward algorithm."""
        steps = self._possible_steps
        forward, backward = scores.copy(), np.zeros_like(scores)
        forward[0] += self._possible_starts
        for word in range(1, len(scores)):
            forward[word] += _log_sum(forward[word - 1][:, None] + steps, axis=0)
        for word in range(len(scores) - 1, 0, -1):
            backward[word - 1] = _log_sum(steps + (backward[word] + scores[word])[None, :], axis=1)
        both = forward + backward
        likelihood: np.ndarray = np.exp(both - _log_sum(both, axis=1)[:, None])
        return likelihood


def _log_sum(values: np.ndarray, axis: int) -> np.ndarray:
    largest = values.max(axis, keepdims=True)
    total: np.ndarray = np.log(np.exp(values - largest).sum(axis)) + largest.squeeze(axis)
    return total

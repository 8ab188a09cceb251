"""How the scores of a passage are weighed into one, and how such weights are learnt from questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Scores = NDArray[np.float32]
"""(passages, CLUES): what each clue says of each passage, 0 to 1."""

# How steep the ranking is that learning starts from: e to the power of it times the score, as the encoder was trained.
_STEEPNESS = 20.0
# Of the squared distance to the weights that learning starts from: some dozens of questions move them, a few do not.
_PENALTY = 0.1


@dataclass(frozen=True, slots=True)
class Weights:
    """Of what a query says for a passage; none is negative, and those of a whole `Fusion` add up to 1.

    `passage`, `sentence`, `title` and `heading` are the cosines of the passage, its best sentence, the article's title
    and the passage's heading (the title where it has none), `words` is BM25, and `article` the cosine of the article's
    best passage: where a conversation has told what it is about, its article is known better than the section.
    """

    passage: float
    sentence: float
    title: float
    words: float
    heading: float = 0.0
    article: float = 0.0

    def __mul__(self, share: float) -> Weights:
        return Weights(*(value * share for value in astuple(self)))

    @property
    def meaning(self) -> float:
        return self.passage + self.sentence + self.title + self.heading + self.article

    def fuse(self, scores: Scores, question: Vector, question_share: float) -> Vector:
        """float32 (passages,).

        `question` is the cosine of the nearest question that is known to be asked for the article, 0 for none: it
        may have `question_share` of what meaning weighs, in the place of the title, where that is more.
        """
        weights = _vector(self)
        words = scores[:, _WORDS] * weights[_WORDS]
        meaning = scores @ weights - words
        text_weight = self.meaning - self.title
        if not question.any() or text_weight <= 0:
            fused: Vector = meaning + words
            return fused
        text = meaning - scores[:, _TITLE] * weights[_TITLE]
        asked = (1 - question_share) * self.meaning / text_weight * text + question_share * self.meaning * question
        fused = np.maximum(meaning, asked) + words
        return fused


@lru_cache(maxsize=64)
def _vector(weights: Weights) -> Vector:
    """float32 (CLUES,)"""
    return np.array(astuple(weights), dtype=np.float32)


CLUES = tuple(field.name for field in fields(Weights))
_TITLE, _WORDS = CLUES.index("title"), CLUES.index("words")


@dataclass(frozen=True, slots=True)
class Fusion:
    """The weights of a question that nothing went before, and those of one that follows others.

    The latter has two queries: the question by its `own` words, and `together` with what was said before.
    """

    alone: Weights
    own: Weights
    together: Weights

    @classmethod
    def of(cls, weights: Weights, own_share: float) -> Fusion:
        """A question that follows others is weighed like one alone, with this share, and the rest for all of it."""
        return cls(weights, weights * own_share, weights * (1 - own_share))

    def for_queries(self, count: int) -> tuple[Weights, ...]:
        return (self.alone,) if count == 1 else (self.own, self.together)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was found for one question."""

    scores: NDArray[np.float32]
    """(passages, queries * CLUES)"""
    right: NDArray[np.bool_]
    """(passages,): which of them answer."""


def learn_weights(lessons: Sequence[Lesson], start: Sequence[Weights]) -> tuple[Weights, ...]:
    """The weights, one of each query, under which the right passages come first; those of `start` without lessons.

    Cross entropy of the softmax over what was found, all right passages together (ListNet's top-one loss: Cao et al.
    2007, "Learning to rank: from pairwise approach to listwise approach"), drawn towards `start`, by L-BFGS-B.
    Lessons where nothing or everything is right teach nothing.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    told = [each for each in lessons if each.right.any() and not each.right.all()]
    if not told:
        return tuple(start)
    first = _STEEPNESS * np.array([astuple(weights) for weights in start], dtype=np.float64).ravel()

    def loss(guess: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        moved = guess - first
        value, slope = _PENALTY / 2 * moved @ moved, _PENALTY * moved
        for each in told:
            logit = each.scores @ guess
            share = np.exp(logit - logit.max())
            among_right = share * each.right
            value += np.log(share.sum()) - np.log(among_right.sum())
            slope = slope + (share / share.sum() - among_right / among_right.sum()) @ each.scores
        return float(value), slope

    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(first))
    shares = np.asarray(found.x).reshape(len(start), len(CLUES)) / found.x.sum()
    return tuple(Weights(*(float(value) for value in row)) for row in shares)

"""What a question's clues say of passages: by each query that is made of it, and by its queries together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.fusion import CLUES, Scores
from knowledge.lexical import Weights
from knowledge.part import Part

Vector = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Query:
    """A text to search for, and its share of the score: the question, or it together with what went before."""

    text: str
    embedding: Vector | None
    share: float
    weights: Weights


@dataclass(frozen=True, slots=True)
class Scored:
    """Passages of a part with the scores of one query; `question` is that of the nearest known question."""

    scores: Scores
    question: Vector

    @property
    def dense(self) -> Vector:
        return self.scores[:, CLUES.index("passage")]

    @property
    def lexical(self) -> Vector:
        return self.scores[:, CLUES.index("words")]


def score(part: Part, query: Query, places: Places) -> Scored:
    """Without a vector the words alone say something."""
    words = part.lexical.at(query.weights, places)
    if query.embedding is None:
        silent = np.zeros(len(places), dtype=np.float32)
        return Scored(np.stack([words if clue == "words" else silent for clue in CLUES], axis=1), silent)
    passage, title = part.nearness(places, query.embedding), part.title(places, query.embedding)
    clues = {
        "passage": passage,
        "sentence": part.best_sentence(places, query.embedding),
        "title": title,
        "words": words,
        "heading": part.under_heading(places, query.embedding, title),
        "article": part.best_of_article(places, passage),
    }
    return Scored(np.stack([clues[name] for name in CLUES], axis=1), part.best_question(places, query.embedding))


def shared(queries: Sequence[Query], scores: Sequence[Vector]) -> Vector:
    """The queries' scores by their shares."""
    if len(queries) == 1:
        return scores[0] * queries[0].share
    total: Vector = np.sum([query.share * each for query, each in zip(queries, scores, strict=True)], axis=0)
    return total

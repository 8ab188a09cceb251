"""The articles with the vectors that the search index in use holds of them, and which two are near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from knowledge.documents import Document, Passage
from knowledge.index import SearchIndex
from knowledge.part import Half, Vector
from knowledge.store import KnowledgeStore

# Rows that are compared with all others at once; bounds memory.
_STEP = 512


@dataclass(frozen=True)
class Corpus:
    """Passages that the index and the store both hold.

    Attributes:
        documents: all of the store, by id.
        vectors: float32 (passages, dimension), each of length 1.
        spoken: of each passage (sentences, dimension).
        unindexed: documents of the store that the index does not hold.
    """

    documents: dict[str, Document]
    passages: tuple[Passage, ...]
    vectors: Vector
    spoken: tuple[Half | Vector, ...]
    unindexed: frozenset[str]

    def document_of(self, place: int) -> Document:
        return self.documents[self.passages[place].document_id]


def read_corpus(store: KnowledgeStore, index: SearchIndex, today: date) -> Corpus:
    """What the index holds of the store's articles as they are now; passages that changed since are left out.

    So are those of articles that have expired before `today`: nobody is told of them.
    """
    documents = {document.document_id: document for document in store.list_documents()}
    expired = {name for name, each in documents.items() if each.valid_until and each.valid_until < today}
    known = {name: each for name, each in store.get_passages(index.ids).items() if each.document_id not in expired}
    found: dict[str, tuple[Half | Vector, Half | Vector]] = {}
    for part in index.parts:
        for place, name in enumerate(part.ids):
            if name in known:
                found[name] = part.passages[place], part.sentence_rows(place)
    passages = sorted((known[name] for name in found), key=lambda each: (each.document_id, each.position))
    rows = [found[passage.passage_id] for passage in passages]
    dimension = index.parts[0].dimension
    return Corpus(
        documents=documents,
        passages=tuple(passages),
        vectors=_stacked([row for row, _ in rows], dimension),
        spoken=tuple(spoken for _, spoken in rows),
        unindexed=frozenset(documents) - index.documents().keys(),
    )


def _stacked(rows: list[Half | Vector], dimension: int) -> Vector:
    if not rows:
        return np.zeros((0, dimension), dtype=np.float32)
    return np.stack([row.astype(np.float32, copy=False) for row in rows])


def near_pairs(vectors: Vector, least: float) -> Iterator[tuple[int, int, float]]:
    """Pairs (i, j, cosine) of rows with i < j whose cosine is at least `least`; exact."""
    for start in range(0, len(vectors), _STEP):
        cosine = vectors[start : start + _STEP] @ vectors[start:].T
        for row, column in np.argwhere(np.triu(cosine >= least, k=1)):
            yield start + int(row), start + int(column), float(cosine[row, column])


def overlap(one: Sequence[str] | frozenset[str], other: Sequence[str] | frozenset[str]) -> float:
    """Jaccard's index of two bags of words, 0 where both are empty."""
    first, second = frozenset(one), frozenset(other)
    return len(first & second) / len(first | second) if first or second else 0.0

"""A part of an index: documents with the vectors and words of their passages, in files of one folder.

ids.json                      passage ids; a passage's place is its rank here
documents.json                ids, content hashes and scopes of the documents, by column
owners.npy                    int32 (passages,): the row of a passage's document in documents.json
passages.npy                  float16 (passages, dimension): what scores are computed from
vectors.faiss                 the same, arranged for finding the nearest
sentences.npy, offsets.npy    float16 (sentences, dimension); passage i owns rows offsets[i] to offsets[i + 1]
questions.npy, asked.npy      float16 (questions, dimension); document i owns rows asked[i] to asked[i + 1]:
                              its title, then the ways in which customers are known to ask for it
headings.npy, headed.npy      float16 (headings, dimension), each once; int32 (passages,): the row of the one that a
                              passage stands under, -1 for none
questions.faiss               of the documents for which such ways are known, arranged for finding the nearest
lexical/                      BM25
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import Document
from knowledge.lexical import LexicalIndex, load_lexical
from knowledge.scope import Scope
from knowledge.vectors import VectorIndex, load_vectors

Half = NDArray[np.float16]
Places = NDArray[np.int64]
Vector = NDArray[np.float32]

# Numbers of an array that is read into memory: 32 MiB of them.
_IN_MEMORY = 8 * 2**20


class Indexed(NamedTuple):
    """What the index keeps of a document: enough to see that it changed, and whom its passages are for.

    A tuple: there may be a hundred thousand of them, and all are made whenever an index is opened.
    """

    document_id: str
    content_hash: str
    scope: Scope

    @classmethod
    def of(cls, document: Document) -> Indexed:
        scope = (document.audience, document.countries, document.valid_from, document.valid_until)
        return cls(document.document_id, document.content_hash, scope)


@dataclass(frozen=True)
class Part:
    """Shapes as in the module's description.

    What was opened is read-only: small arrays in memory and float32, as that is what is computed with; large ones
    mapped from the disk.
    """

    ids: tuple[str, ...]
    documents: tuple[Indexed, ...]
    owners: NDArray[np.int32]
    passages: Half | Vector
    sentences: Half | Vector
    offsets: NDArray[np.int64]
    questions: Half | Vector
    asked: NDArray[np.int64]
    headings: Half | Vector
    headed: NDArray[np.int32]
    vectors: VectorIndex
    known: VectorIndex
    lexical: LexicalIndex

    @property
    def dimension(self) -> int:
        return int(self.passages.shape[1])

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each document, by id."""
        return {document.document_id: row for row, document in enumerate(self.documents)}

    def sentence_rows(self, place: int) -> Half | Vector:
        """(sentences of that passage, dimension)."""
        return self.sentences[int(self.offsets[place]) : int(self.offsets[place + 1])]

    def question_rows(self, row: int) -> Half | Vector:
        """(1 + known questions, dimension) of that document, the title first."""
        return self.questions[int(self.asked[row]) : int(self.asked[row + 1])]

    @cached_property
    def _known_owners(self) -> NDArray[np.int64]:
        """The document of each vector in `known`."""
        counts = np.diff(self.asked)
        return np.repeat(np.arange(len(counts)), np.where(counts > 1, counts, 0))

    def asked_like(self, embedding: Vector, count: int) -> Places:
        """Passages of the documents that are known to be asked for in nearly these words."""
        if not self.known.size:
            return np.zeros(0, dtype=np.int64)
        documents = np.unique(self._known_owners[self.known.nearest(embedding, count)])
        # Passages stand in the order of their documents.
        first, last = np.searchsorted(self.owners, documents), np.searchsorted(self.owners, documents, side="right")
        return np.concatenate([np.arange(start, end) for start, end in zip(first, last, strict=True)])

    def nearness(self, places: Places, embedding: Vector) -> Vector:
        """float32 (places,): cosine of passage and `embedding`."""
        cosine: Vector = self.passages[places].astype(np.float32, copy=False) @ embedding
        return np.clip(cosine, 0.0, 1.0)

    def best_sentence(self, places: Places, embedding: Vector) -> Vector:
        """float32 (places,): the highest cosine of a sentence of each passage."""
        return _highest(self.sentences, self.offsets, places, embedding)

    def title(self, places: Places, embedding: Vector) -> Vector:
        """float32 (places,): cosine of the title of each passage's document."""
        cosine: Vector = self.questions[self.asked[self.owners[places]]].astype(np.float32, copy=False) @ embedding
        return cosine

    def under_heading(self, places: Places, embedding: Vector, title: Vector) -> Vector:
        """float32 (places,): cosine of the heading that each passage stands under; `title`'s where it has none."""
        rows = self.headed[places]
        cosine = title.copy()
        headed = rows >= 0
        if headed.any():
            cosine[headed] = self.headings[rows[headed]].astype(np.float32, copy=False) @ embedding
        return cosine

    def best_of_article(self, places: Places, scores: Vector) -> Vector:
        """float32 (places,): the highest of the `scores` (places,) that an article's passages among these have."""
        owners, place = np.unique(self.owners[places], return_inverse=True)
        best = np.full(len(owners), -np.inf, dtype=np.float32)
        np.maximum.at(best, place, scores)
        of_each: Vector = best[place]
        return of_each

    def heading(self, place: int, embedding: Vector) -> float:
        """How near what a passage's heading says beyond the title is; 0 for a passage under no heading.

        The heading's vector less its projection on the title's: "No invoice yet?" is under "Copy of an invoice" a
        heading about "yet", and not about invoices.
        """
        row = int(self.headed[place])
        if row < 0:
            return 0.0
        heading = self.headings[row].astype(np.float32, copy=False)
        title = self.questions[self.asked[self.owners[place]]].astype(np.float32, copy=False)
        return float(heading @ embedding - (heading @ title) * (title @ embedding))

    def best_question(self, places: Places, embedding: Vector) -> Vector:
        """float32 (places,): the highest cosine of a known question or the title; 0 where no question is known."""
        owners = self.owners[places]
        known = self.asked[owners + 1] - self.asked[owners] > 1
        best = np.zeros(len(places), dtype=np.float32)
        if known.any():
            best[known] = _highest(self.questions, self.asked, owners[known], embedding)
        return best

    def save(self, folder: Path) -> None:
        (folder / "lexical").mkdir()
        (folder / "ids.json").write_text(json.dumps(self.ids), encoding="utf-8")
        (folder / "documents.json").write_text(_written(self.documents), encoding="utf-8")
        for name in ("owners", "passages", "sentences", "offsets", "questions", "asked", "headings", "headed"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        self.vectors.save(folder / "vectors.faiss")
        self.known.save(folder / "questions.faiss")
        self.lexical.save(folder / "lexical")


def load_part(folder: Path) -> Part:
    """What `Part.save` wrote. Raises OSError, ValueError, RuntimeError or KeyError for what is damaged."""
    return Part(
        ids=tuple(json.loads((folder / "ids.json").read_text(encoding="utf-8"))),
        documents=_read((folder / "documents.json").read_text(encoding="utf-8")),
        owners=np.load(folder / "owners.npy"),
        passages=_vectors(folder / "passages.npy"),
        sentences=_vectors(folder / "sentences.npy"),
        offsets=np.load(folder / "offsets.npy"),
        questions=_vectors(folder / "questions.npy"),
        asked=np.load(folder / "asked.npy"),
        headings=_vectors(folder / "headings.npy"),
        headed=np.load(folder / "headed.npy"),
        vectors=load_vectors(folder / "vectors.faiss"),
        known=load_vectors(folder / "questions.faiss"),
        lexical=load_lexical(folder / "lexical"),
    )


def _written(documents: Sequence[Indexed]) -> str:
    """By column, and each scope once: articles share few of them, and long lists of texts are read fast."""
    scopes = list(dict.fromkeys(document.scope for document in documents))
    rows = {scope: row for row, scope in enumerate(scopes)}
    values = {
        "ids": [document.document_id for document in documents],
        "hashes": [document.content_hash for document in documents],
        "scopes": [
            [list(audience), list(countries), *(day.isoformat() if day else None for day in days)]
            for audience, countries, *days in scopes
        ],
        "scope": [rows[document.scope] for document in documents],
    }
    return json.dumps(values, ensure_ascii=False)


def _read(text: str) -> tuple[Indexed, ...]:
    values = json.loads(text)
    scopes: list[Scope] = []
    for audience, countries, *days in values["scopes"]:
        first, last = (date.fromisoformat(day) if day else None for day in days)
        scopes.append((tuple(audience), tuple(countries), first, last))
    of_each = map(scopes.__getitem__, values["scope"])
    return tuple(map(Indexed._make, zip(values["ids"], values["hashes"], of_each, strict=True)))


def _vectors(path: Path) -> Half | Vector:
    # A plain view: each slice of a memmap costs ten times one of an array, and a question takes dozens.
    stored: Half = np.load(path, mmap_mode="r").view(np.ndarray)
    return stored.astype(np.float32) if stored.size <= _IN_MEMORY else stored


def _highest(vectors: Half | Vector, offsets: NDArray[np.int64], owners: NDArray[Any], embedding: Vector) -> Vector:
    """float32 (owners,): the highest cosine of the rows that each one owns, at least one; one product for all."""
    if not len(owners):
        return np.zeros(0, dtype=np.float32)
    counts = offsets[owners + 1] - offsets[owners]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(offsets[owners] - starts, counts) + np.arange(int(counts.sum()))
    best: Vector = np.maximum.reduceat(vectors[rows].astype(np.float32, copy=False) @ embedding, starts)
    return best

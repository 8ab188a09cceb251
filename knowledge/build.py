"""The search index from what the store holds; only what is new is encoded, and only what changed is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import Document, Passage
from knowledge.embed import Encoder
from knowledge.errors import EncoderError, SearchIndexError
from knowledge.index import NewVersion, SearchIndex, open_index, write_index
from knowledge.lexical import build_lexical
from knowledge.part import Indexed, Part
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.vectors import build_vectors

Progress = Callable[[int, int], None]
Half = NDArray[np.float16]

# Texts handed to the encoder at a time, between two reports of progress.
_STEP = 64


@dataclass(frozen=True, slots=True)
class IndexReport:
    """`encoded` counts the passages that went through the encoder; `written` is False if nothing changed."""

    version: str
    passages: int
    sentences: int
    encoded: int
    written: bool


def build_index(
    settings: KnowledgeSettings,
    encoder: Encoder,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IndexReport:
    """Bring the index in `settings.index_folder` up to the store, and point to it.

    Passages whose words are in the former index keep their vectors when the encoder is the same. An index
    that is damaged or another encoder's is built anew. Where few of many passages changed, these alone are
    written, beside the former ones. `progress` is called with passages done and all to encode; `now` is UTC.
    Raises StoreError, EncoderError.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    store = KnowledgeStore(settings.database)
    try:
        hashes = store.content_hashes()
        content = _content(hashes, settings)
        former = _former(settings, encoder)
        if former is not None and former.meta.content == content:
            return IndexReport(former.version, former.meta.passages, former.meta.sentences, 0, False)
        base = former if former is not None and former.meta.passages >= settings.partial_from else None
        first = {document.document_id: document.content_hash for document in base.parts[0].documents} if base else {}
        changed = [name for name, content_hash in hashes.items() if first.get(name) != content_hash]
        if base is not None and not _is_small(len(changed) + len(first.keys() - hashes.keys()), len(first)):
            base, first, changed = None, {}, list(hashes)
        wanted = None if len(changed) == len(hashes) else changed
        documents = sorted(store.list_documents(wanted), key=lambda document: document.document_id)
        passages = store.list_passages(wanted)
    finally:
        store.close()
    known = _kept(former, {passage.passage_id for passage in passages}) if former else {}
    new = [passage for passage in passages if passage.passage_id not in known]
    vectors = known | _encode(encoder, new, progress)
    questions = _questions(encoder, documents, former)
    headings = _headings(encoder, passages, former)
    part = _part(documents, passages, vectors, questions, headings, encoder.dimension, settings, base)
    replaced = sorted(name for name, content_hash in first.items() if hashes.get(name) != content_hash)
    count, sentences = len(part.ids), len(part.sentences)
    if base is not None:
        before, spoken = _count(base.parts[0], frozenset(replaced))
        count, sentences = count + before, sentences + spoken
    version = NewVersion(encoder.fingerprint, content, part, count, sentences, base, replaced)
    written = write_index(settings.index_folder, version, now)
    return IndexReport(written.version, count, sentences, len(new), True)


def _is_small(changed: int, documents: int) -> bool:
    """So few that searching two parts costs less than writing all again: a twentieth of the documents."""
    return changed * 20 <= documents


def _count(part: Part, replaced: frozenset[str]) -> tuple[int, int]:
    """Passages and sentences of the documents that are not replaced."""
    gone = np.array([document.document_id in replaced for document in part.documents], dtype=np.bool_)[part.owners]
    return int((~gone).sum()), int(np.diff(part.offsets)[~gone].sum())


def _former(settings: KnowledgeSettings, encoder: Encoder) -> SearchIndex | None:
    try:
        former = open_index(settings.index_folder, encoder.fingerprint, thorough=False)
    except SearchIndexError:
        return None
    return former if former.parts[0].dimension == encoder.dimension else None


def _content(hashes: Mapping[str, str], settings: KnowledgeSettings) -> str:
    """Changes whenever a new version is needed: with the documents, and the type of index."""
    lines = sorted(f"{document_id} {content_hash}" for document_id, content_hash in hashes.items())
    return hashlib.sha256("\n".join([str(settings.exact_limit), *lines]).encode()).hexdigest()


_Vectors = dict[str, tuple[Half, Half]]
"""By passage id, its own vector (dimension,) and its sentences' (sentences, dimension)."""


def _kept(former: SearchIndex, wanted: set[str]) -> _Vectors:
    return {
        name: (_half(part.passages[place]), _half(part.sentence_rows(place)))
        for part in former.parts
        for place, name in enumerate(part.ids)
        if name in wanted
    }


def _encode(encoder: Encoder, passages: Sequence[Passage], progress: Progress | None) -> _Vectors:
    encoded: _Vectors = {}
    for start in range(0, len(passages), _STEP):
        step = passages[start : start + _STEP]
        texts = [passage.search_text for passage in step]
        for passage in step:
            texts.extend(passage.sentences)
        vectors = _checked(encoder, texts)
        row = len(step)
        for place, passage in enumerate(step):
            encoded[passage.passage_id] = vectors[place], vectors[row : row + len(passage.sentences)]
            row += len(passage.sentences)
        if progress is not None:
            progress(start + len(step), len(passages))
    return encoded


def _checked(encoder: Encoder, texts: list[str]) -> Half:
    vectors = encoder.encode(texts)
    if vectors.shape != (len(texts), encoder.dimension):
        raise EncoderError(
            f"the encoder gave an array of {vectors.shape} for {len(texts)} texts, "
            f"not ({len(texts)}, {encoder.dimension})"
        )
    return _half(vectors)


def _half(vectors: NDArray[Any]) -> Half:
    """As they are written; what was read into memory is float32 of the same numbers."""
    return vectors.astype(np.float16, copy=False)


def _questions(encoder: Encoder, documents: Sequence[Document], former: SearchIndex | None) -> list[Half]:
    """Of each document (1 + known questions, dimension), the title first; an unchanged one keeps its own."""
    kept: dict[str, Half] = {}
    for document in documents:
        part = former.part_of(document.document_id) if former else None
        row = part.rows[document.document_id] if part else 0
        if part is not None and part.documents[row].content_hash == document.content_hash:
            kept[document.document_id] = _half(part.question_rows(row))
    new = [document for document in documents if document.document_id not in kept]
    texts = list(dict.fromkeys(text for document in new for text in (document.title, *document.questions)))
    vectors = [_checked(encoder, texts[start : start + _STEP]) for start in range(0, len(texts), _STEP)]
    encoded = dict(zip(texts, _matrix(vectors, encoder.dimension), strict=True))
    for document in new:
        kept[document.document_id] = np.stack([encoded[text] for text in (document.title, *document.questions)])
    return [kept[document.document_id] for document in documents]


def _headings(encoder: Encoder, passages: Sequence[Passage], former: SearchIndex | None) -> dict[str, Half]:
    """By text, the vector (dimension,) of each heading that a passage stands under."""
    headed = {passage.passage_id: passage.heading for passage in passages if passage.heading}
    found: dict[str, Half] = {}
    for part in former.parts if former else ():
        for place in np.flatnonzero(part.headed >= 0):
            if (name := part.ids[place]) in headed:
                found[headed[name]] = _half(part.headings[part.headed[place]])
    new = [text for text in dict.fromkeys(headed.values()) if text not in found]
    for start in range(0, len(new), _STEP):
        step = new[start : start + _STEP]
        found |= zip(step, _checked(encoder, step), strict=True)
    return found


def _part(
    documents: Sequence[Document],
    passages: Sequence[Passage],
    vectors: _Vectors,
    questions: list[Half],
    headings: Mapping[str, Half],
    dimension: int,
    settings: KnowledgeSettings,
    base: SearchIndex | None,
) -> Part:
    rows = {document.document_id: row for row, document in enumerate(documents)}
    matrix = _matrix((vectors[passage.passage_id][0][None] for passage in passages), dimension)
    spoken = [len(passage.sentences) for passage in passages]
    heading_rows = {text: row for row, text in enumerate(headings)}
    mean_length = base.parts[0].lexical.mean_length if base else None
    return Part(
        ids=tuple(passage.passage_id for passage in passages),
        documents=tuple(Indexed.of(document) for document in documents),
        owners=np.array([rows[passage.document_id] for passage in passages], dtype=np.int32),
        passages=matrix,
        sentences=_matrix((vectors[passage.passage_id][1] for passage in passages), dimension),
        offsets=np.cumsum([0, *spoken], dtype=np.int64),
        questions=_matrix(questions, dimension),
        asked=np.cumsum([0, *map(len, questions)], dtype=np.int64),
        headings=_matrix((vector[None] for vector in headings.values()), dimension),
        headed=np.array([heading_rows.get(passage.heading, -1) for passage in passages], dtype=np.int32),
        vectors=build_vectors(matrix, settings.exact_limit),
        known=build_vectors(_matrix((each for each in questions if len(each) > 1), dimension), settings.exact_limit),
        lexical=build_lexical([passage.search_text for passage in passages], mean_length),
    )


def _matrix(rows: Iterable[Half], dimension: int) -> Half:
    gathered = list(rows)
    return np.concatenate(gathered) if gathered else np.zeros((0, dimension), dtype=np.float16)

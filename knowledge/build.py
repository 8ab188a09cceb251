"""The search index from what the store holds; only what is new is encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import Document, Passage
from knowledge.embed import Encoder
from knowledge.errors import EncoderError, SearchIndexError
from knowledge.index import IndexContent, SearchIndex, open_index, write_index
from knowledge.lexical import build_lexical
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


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Of one passage: its own (dimension,), its sentences' (sentences, dimension), its title's."""

    passage: Half
    sentences: Half
    title: Half


def build_index(
    settings: KnowledgeSettings,
    encoder: Encoder,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IndexReport:
    """Bring the index in `settings.index_folder` up to the store, and point to it.

    Passages whose words are in the former index keep their vectors when the encoder is the same. An index
    that is damaged or another encoder's is built anew. `progress` is called with passages done and all to
    encode; `now` is UTC. Raises StoreError, EncoderError.
    """
    store = KnowledgeStore(settings.database)
    try:
        passages, documents = store.list_passages(), store.list_documents()
    finally:
        store.close()
    former = _former(settings, encoder)
    content = _content(passages, documents, settings)
    if former is not None and former.meta.content == content:
        return IndexReport(former.version, len(passages), former.meta.sentences, 0, False)
    known = {name: place for place, name in enumerate(former.ids)} if former else {}
    new = [passage for passage in passages if passage.passage_id not in known]
    vectors = _encode(encoder, new, progress)
    if former is not None:
        vectors.update(
            (passage.passage_id, _kept(former, known[passage.passage_id]))
            for passage in passages
            if passage.passage_id in known
        )
    written = _write(settings, encoder, content, passages, vectors, now or _utc_now())
    return IndexReport(written.version, len(passages), written.meta.sentences, len(new), True)


def _kept(former: SearchIndex, place: int) -> _Vectors:
    return _Vectors(former.passages[place], former.sentence_rows(place), former.title_row(place))


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _former(settings: KnowledgeSettings, encoder: Encoder) -> SearchIndex | None:
    try:
        former = open_index(settings.index_folder, encoder.fingerprint)
    except SearchIndexError:
        return None
    return former if former.meta.dimension == encoder.dimension else None


def _content(passages: list[Passage], documents: list[Document], settings: KnowledgeSettings) -> str:
    """Changes whenever a new version is needed: with the passages, whom they are for, the type of index."""
    digest = hashlib.sha256(f"{settings.exact_limit}".encode())
    for passage in passages:
        digest.update(passage.passage_id.encode() + b"\n")
    for document in sorted(documents, key=lambda each: each.document_id):
        scope = (document.audience, document.countries, document.valid_from, document.valid_until)
        digest.update(f"{document.document_id} {scope}\n".encode())
    return digest.hexdigest()


def _encode(encoder: Encoder, passages: list[Passage], progress: Progress | None) -> dict[str, _Vectors]:
    """Passage id -> its vectors."""
    encoded: dict[str, _Vectors] = {}
    for start in range(0, len(passages), _STEP):
        step = passages[start : start + _STEP]
        # A title is encoded once for all the passages of this step that bear it.
        titles = list(dict.fromkeys(passage.title for passage in step))
        texts = [*titles, *(passage.search_text for passage in step)]
        for passage in step:
            texts.extend(passage.sentences)
        vectors = _checked(encoder, texts)
        row = len(titles) + len(step)
        for place, passage in enumerate(step, len(titles)):
            encoded[passage.passage_id] = _Vectors(
                passage=vectors[place],
                sentences=vectors[row : row + len(passage.sentences)],
                title=vectors[titles.index(passage.title)],
            )
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
    half: Half = vectors.astype(np.float16)
    return half


def _write(
    settings: KnowledgeSettings,
    encoder: Encoder,
    content: str,
    passages: list[Passage],
    vectors: dict[str, _Vectors],
    now: datetime,
) -> SearchIndex:
    ordered = [vectors[passage.passage_id] for passage in passages]
    titles: dict[str, Half] = {}
    for passage, each in zip(passages, ordered, strict=True):
        titles.setdefault(passage.document_id, each.title)
    rows = {document_id: row for row, document_id in enumerate(titles)}
    matrix = _matrix([each.passage for each in ordered], encoder.dimension)
    return write_index(
        settings.index_folder,
        IndexContent(
            fingerprint=encoder.fingerprint,
            content=content,
            ids=[passage.passage_id for passage in passages],
            passages=matrix,
            sentences=_matrix([row for each in ordered for row in each.sentences], encoder.dimension),
            offsets=np.cumsum([0, *(len(each.sentences) for each in ordered)], dtype=np.int64),
            titles=_matrix(list(titles.values()), encoder.dimension),
            documents=np.array([rows[passage.document_id] for passage in passages], dtype=np.int64),
            vectors=build_vectors(matrix, settings.exact_limit),
            lexical=build_lexical([passage.search_text for passage in passages]),
        ),
        now,
    )


def _matrix(rows: list[Half], dimension: int) -> Half:
    return np.stack(rows) if rows else np.zeros((0, dimension), dtype=np.float16)

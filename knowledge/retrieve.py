"""The passages that answer a question: by meaning and by words, fused by a weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.countries import named_countries
from knowledge.embed import Encoder, read_fingerprint
from knowledge.errors import EncoderError
from knowledge.hits import Hit, general_first
from knowledge.index import SearchIndex
from knowledge.lexical import tokens
from knowledge.live import LiveIndex, Snapshot
from knowledge.select import best_sentences
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

Vector = NDArray[np.float32]


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Places with their scores, arrays of one length."""

    places: NDArray[np.int64]
    dense: Vector
    lexical: Vector
    fit: NDArray[np.int8]
    fused: Vector


class Retriever:
    """Search over a knowledge base; light to make, `warm_up` opens the index.

    Without an encoder, and without an embedding given to `search`, it searches by words alone.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        index: LiveIndex,
        encoder: Encoder | None = None,
        settings: KnowledgeSettings | None = None,
        today: Callable[[], date] = _today,
    ) -> None:
        self.store = store
        self._index = index
        self._encoder = encoder
        self._settings = settings or KnowledgeSettings()
        self._today = today

    def warm_up(self) -> None:
        """Open the index. Raises SearchIndexError when there is one that cannot be used."""
        self._index.warm_up()

    def search(
        self,
        text: str,
        embedding: Vector | None = None,
        k: int = 8,
        audience: str | None = None,
        country: str | None = None,
    ) -> list[Hit]:
        """Up to `k` passages for the question `text`, the best first; none where no index has been built.

        `embedding` is the encoder's vector for `text`, float32 (dimension,), where the caller has it.
        `audience` is the person's tier and `country` their two-letter code, None for not known; articles
        for other tiers or countries are left out, unless the question names them. Articles outside their
        days are left out. Raises EncoderError for an embedding of another dimension.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        snapshot = self._index.current()
        if snapshot is None or not snapshot.index.ids or not text.strip():
            return []
        if embedding is None and self._encoder is not None:
            embedding = self._encoder.encode([text])[0]
        _check(embedding, snapshot.index)
        candidates = self._candidates(snapshot, text, embedding, audience, country)
        # A stable order among equals, so that the same question finds the same passages.
        order = np.lexsort((candidates.places, -candidates.fused))[:k]
        return self._hits(snapshot.index, text, embedding, candidates, order)

    def _candidates(
        self,
        snapshot: Snapshot,
        text: str,
        embedding: Vector | None,
        audience: str | None,
        country: str | None,
    ) -> _Candidates:
        index, settings = snapshot.index, self._settings
        tiers = snapshot.scopes.tiers.intersection(tokens(text)).union([audience.lower()] if audience else [])
        countries = named_countries(text).union([country.upper()] if country else [])
        allowed, fit = snapshot.scopes.weigh(tiers, countries, self._today())
        lexical = index.lexical.scores(text)
        lexical[~allowed] = 0.0
        places = _best(lexical, settings.candidates)
        if embedding is not None:
            mask = None if bool(allowed.all()) else allowed
            near = index.vectors.nearest(embedding, settings.candidates, mask)
            places = np.union1d(places, near)
            dense = np.clip(index.passages[places].astype(np.float32) @ embedding, 0.0, 1.0)
            meaning = self._meaning(index, places, dense, embedding)
            fused = settings.dense_weight * meaning + (1 - settings.dense_weight) * lexical[places]
        else:
            dense = np.zeros(len(places), dtype=np.float32)
            fused = lexical[places].copy()
        fused += np.where(fit[places] > 0, settings.variant_bonus, 0.0).astype(np.float32)
        return _Candidates(places, dense, lexical[places], fit[places], fused)

    def _meaning(self, index: SearchIndex, places: NDArray[np.int64], dense: Vector, embedding: Vector) -> Vector:
        """The cosines of passage, best sentence and title, weighed into one."""
        by_sentence, by_title = self._settings.sentence_share, self._settings.title_share
        title = index.titles[index.documents[places]].astype(np.float32) @ embedding
        sentence = _best_sentence(index, places, embedding)
        meaning: Vector = (1 - by_sentence - by_title) * dense + by_sentence * sentence + by_title * title
        return meaning

    def _hits(
        self,
        index: SearchIndex,
        text: str,
        embedding: Vector | None,
        found: _Candidates,
        order: NDArray[np.int64],
    ) -> list[Hit]:
        passages = self.store.get_passages(index.ids[place] for place in found.places[order])
        words = set(tokens(text))
        hits = []
        for rank in order:
            place = int(found.places[rank])
            passage = passages.get(index.ids[place])
            if passage is None:  # changed in the store since this version was built
                continue
            if embedding is not None:
                similarity = _similarity(index, place, embedding)
                support = float(np.clip(similarity.max(), 0.0, 1.0))
            else:
                similarity, support = _overlap(words, passage.sentences), 0.0
            hits.append(
                Hit(
                    passage_id=passage.passage_id,
                    score=float(found.fused[rank]),
                    dense=float(found.dense[rank]),
                    lexical=float(found.lexical[rank]),
                    sentences=best_sentences(similarity),
                    support=support,
                    fit=int(found.fit[rank]),
                )
            )
        return general_first(hits, self._settings.general_lead)


def open_retriever(
    settings: KnowledgeSettings, encoder: Encoder | None = None, fingerprint: str | None = None
) -> Retriever:
    """A retriever over the knowledge base in `settings.home`; the index is opened at the first search.

    Where embeddings are given to `search`, `fingerprint` is that of the encoder they come from; without it
    and without an encoder, that of the encoder folder is taken, if there is one.
    """
    store = KnowledgeStore(settings.database)
    if encoder is not None:
        fingerprint = encoder.fingerprint
    elif fingerprint is None:
        fingerprint = read_fingerprint(settings.encoder_folder)
    return Retriever(store, LiveIndex(settings.index_folder, store, fingerprint), encoder, settings)


def _similarity(index: SearchIndex, place: int, embedding: Vector) -> Vector:
    """float32 (sentences of that passage,)."""
    similarity: Vector = index.sentence_rows(int(place)).astype(np.float32) @ embedding
    return similarity


def _best_sentence(index: SearchIndex, places: NDArray[np.int64], embedding: Vector) -> Vector:
    """float32 (places,): the highest cosine of a sentence of each passage; one product for all of them."""
    if not len(places):
        return np.zeros(0, dtype=np.float32)
    counts = index.offsets[places + 1] - index.offsets[places]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(index.offsets[places] - starts, counts) + np.arange(int(counts.sum()))
    best: Vector = np.maximum.reduceat(index.sentences[rows].astype(np.float32) @ embedding, starts)
    return best


def _check(embedding: Vector | None, index: SearchIndex) -> None:
    if embedding is not None and embedding.shape != (index.meta.dimension,):
        raise EncoderError(
            f"the question's embedding has the shape {embedding.shape}, the index holds vectors of "
            f"{index.meta.dimension}; encode the question with {index.meta.fingerprint}"
        )


def _best(scores: Vector, count: int) -> NDArray[np.int64]:
    """Places of the highest scores above zero."""
    count = min(count, len(scores))
    places: NDArray[np.int64] = np.argpartition(scores, -count)[-count:]
    above: NDArray[np.int64] = places[scores[places] > 0]
    return above


def _overlap(words: set[str], sentences: tuple[str, ...]) -> Vector:
    return np.array([len(words.intersection(tokens(sentence))) for sentence in sentences], dtype=np.float32)

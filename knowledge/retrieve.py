"""The passages that answer a question: by meaning and by words, fused by a weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.countries import named_countries
from knowledge.embed import Encoder, read_fingerprint
from knowledge.errors import EncoderError
from knowledge.fusion import CLUES, Fusion
from knowledge.hits import Hit, general_first
from knowledge.index import SearchIndex
from knowledge.lexical import tokens
from knowledge.live import LiveIndex
from knowledge.part import Part
from knowledge.scoring import Query, Scored, score, shared
from knowledge.select import best_sentences
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tuning import tuning_of

Vector = NDArray[np.float32]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage that may answer, with its scores."""

    part: Part
    place: int
    dense: float
    lexical: float
    fit: int
    fused: float


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
        self._fusion: Fusion | None = None
        self._untuned = self._settings.fusion

    def with_fusion(self, fusion: Fusion) -> Retriever:
        """The same, going by these weights whatever settings and tuning say."""
        twin = Retriever(self.store, self._index, self._encoder, self._settings, self._today)
        twin._fusion = fusion
        return twin

    @property
    def fusion(self) -> Fusion:
        """The weights that it goes by: those it was given, else the tuned ones, else those of the settings."""
        return self._fusion or tuning_of(self._settings.home).fusion or self._untuned

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
        earlier: Sequence[str] = (),
        together: Vector | None = None,
    ) -> list[Hit]:
        """Up to `k` passages for the question `text`, the best first; none where no index has been built.

        `embedding` is the encoder's vector for `text`, float32 (dimension,), where the caller has it.
        `audience` is the person's tier and `country` their two-letter code, None for not known; articles
        for other tiers or countries are left out, unless the question names them. Articles outside their
        days are left out. `earlier` is what was said before in the conversation, the latest first: "and for
        gold members?" is then understood; `together` is the vector for `with_earlier(text, earlier)`.
        Raises EncoderError for an embedding of another dimension.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        index = self._index.current()
        if index is None or not index.meta.passages or not text.strip():
            return []
        queries = self._queries(index, text, embedding, earlier, together)
        found: list[_Found] = []
        for part, allowed, fit in self._searched(index, text, audience, country):
            found.extend(self._candidates(part, queries, allowed, fit, k))
        # A stable order among equals, so that the same question finds the same passages.
        best = sorted(found, key=lambda each: -each.fused)[:k]
        return self._hits(queries, best)

    def clues(self, text: str, earlier: Sequence[str] = ()) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """What `search` would put in order, in no order: passage ids, and float32 (passages, queries * CLUES).

        Needs an encoder, as weights are learnt for searches by meaning. One query, or two where something went before.
        """
        index = self._index.current()
        if index is None or not index.meta.passages or not text.strip():
            return (), np.zeros((0, len(CLUES)), dtype=np.float32)
        queries = self._queries(index, text, None, earlier, None)
        names: list[str] = []
        scores = []
        for part, allowed, _ in self._searched(index, text, None, None):
            places = self._places(part, queries, allowed)
            names += [part.ids[place] for place in places]
            scores.append(np.concatenate([score(part, query, places).scores for query in queries], axis=1))
        return tuple(names), np.concatenate(scores)

    def _searched(
        self, index: SearchIndex, text: str, audience: str | None, country: str | None
    ) -> Iterator[tuple[Part, Mask, NDArray[np.int8]]]:
        """Each part of the index, which of its passages this person may read, and how each fits the person."""
        tiers = index.tiers.intersection(tokens(text)).union([audience.lower()] if audience else [])
        countries = named_countries(text).union([country.upper()] if country else [])
        for part, scopes in zip(index.parts, index.scopes, strict=True):
            yield part, *scopes.weigh(tiers, countries, self._today())

    def _queries(
        self,
        index: SearchIndex,
        text: str,
        embedding: Vector | None,
        earlier: Sequence[str],
        together: Vector | None,
    ) -> list[Query]:
        """The question, and, where something went before, it together with that."""
        lexical = index.parts[0].lexical
        embedding = self._embedding(index, text, embedding)
        if not earlier:
            return [Query(text, embedding, 1.0, lexical.weights(text))]
        whole, own = with_earlier(text, earlier), self._settings.own_share
        vector = self._embedding(index, whole, together) if embedding is not None else None
        return [
            Query(text, embedding, own, lexical.weights(text)),
            Query(whole, vector if vector is not None else embedding, 1 - own, lexical.weights(whole)),
        ]

    def _embedding(self, index: SearchIndex, text: str, embedding: Vector | None) -> Vector | None:
        if embedding is None and self._encoder is not None:
            embedding = self._encoder.encode([text])[0]
        _check(embedding, index)
        return embedding

    def _candidates(
        self, part: Part, queries: Sequence[Query], allowed: Mask, fit: NDArray[np.int8], k: int
    ) -> Iterator[_Found]:
        """Of one part, the best `k` of what each search of each query found, scored by all of them."""
        places = self._places(part, queries, allowed)
        scored = [score(part, query, places) for query in queries]
        fused = self._fused(queries, scored) + np.where(fit[places] > 0, self._settings.variant_bonus, 0.0)
        dense = shared(queries, [each.dense for each in scored])
        lexical = shared(queries, [each.lexical for each in scored])
        for row in np.argsort(-fused, kind="stable")[:k]:
            place = int(places[row])
            yield _Found(part, place, float(dense[row]), float(lexical[row]), int(fit[place]), float(fused[row]))

    def _places(self, part: Part, queries: Sequence[Query], allowed: Mask) -> Places:
        mask = None if bool(allowed.all()) else allowed
        places = np.zeros(0, dtype=np.int64)
        for query in queries:
            places = np.union1d(places, part.lexical.best(query.weights, self._settings.candidates, mask))
            if query.embedding is not None:
                places = np.union1d(places, self._near(part, query.embedding, mask))
        return places

    def _near(self, part: Part, embedding: Vector, mask: Mask | None) -> Places:
        """The passages nearest in meaning, and those of articles known to be asked for in nearly these words."""
        count = self._settings.candidates
        places = part.vectors.nearest(embedding, count, mask)
        if len(places) > count:
            nearest = np.argpartition(-part.nearness(places, embedding), count)[:count]
            places = places[nearest]
        asked = part.asked_like(embedding, count)
        return np.union1d(places, asked if mask is None else asked[mask[asked]])

    def _fused(self, queries: Sequence[Query], scored: Sequence[Scored]) -> Vector:
        if queries[0].embedding is None:
            return shared(queries, [each.lexical for each in scored])
        share, weights = self._settings.question_share, self.fusion.for_queries(len(queries))
        fused = [each.fuse(by.scores, by.question, share) for each, by in zip(weights, scored, strict=True)]
        total: Vector = np.sum(fused, axis=0)
        return total

    def _hits(self, queries: Sequence[Query], found: Sequence[_Found]) -> list[Hit]:
        passages = self.store.get_passages(each.part.ids[each.place] for each in found)
        words = set(tokens(queries[0].text))
        hits = []
        for each in found:
            passage = passages.get(each.part.ids[each.place])
            if passage is None:  # changed in the store since this version was built
                continue
            if queries[0].embedding is None:
                similarity, support, heading = _overlap(words, passage.sentences), 0.0, 0.0
            else:
                heading = _nearness_of_heading(each, queries)
                similarity = _similarity(each, queries)
                support = min(max(float(similarity.max()), 0.0), 1.0)
            hits.append(
                Hit(
                    passage_id=passage.passage_id,
                    score=each.fused,
                    dense=each.dense,
                    lexical=each.lexical,
                    sentences=best_sentences(similarity),
                    support=support,
                    fit=each.fit,
                    heading=heading,
                )
            )
        return general_first(hits, self._settings.general_lead)


def with_earlier(text: str, earlier: Sequence[str]) -> str:
    """A question followed by what was said before it, the latest first: the encoder reads the nearest best."""
    return " ".join([text, *earlier])


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
    return Retriever(store, LiveIndex(settings.index_folder, fingerprint), encoder, settings)


def _similarity(found: _Found, queries: Sequence[Query]) -> Vector:
    """float32 (sentences of that passage,): nearness to the question, which each query has a vector for."""
    rows = found.part.sentence_rows(found.place).astype(np.float32, copy=False)
    vectors = [query.embedding for query in queries if query.embedding is not None]
    return shared(queries, [rows @ vector for vector in vectors])


def _nearness_of_heading(found: _Found, queries: Sequence[Query]) -> float:
    vectors = ((query.share, query.embedding) for query in queries if query.embedding is not None)
    return sum(share * found.part.heading(found.place, vector) for share, vector in vectors)


def _check(embedding: Vector | None, index: SearchIndex) -> None:
    if embedding is not None and embedding.shape != (index.meta.dimension,):
        raise EncoderError(
            f"the question's embedding has the shape {embedding.shape}, the index holds vectors of "
            f"{index.meta.dimension}; encode the question with {index.meta.fingerprint}"
        )


def _overlap(words: set[str], sentences: tuple[str, ...]) -> Vector:
    return np.array([len(words.intersection(tokens(sentence))) for sentence in sentences], dtype=np.float32)

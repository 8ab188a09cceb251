"""Hits into an answer: sentences of the articles with their sources, or the honest statement of none.

Needs the store and no encoder, so it runs in the action server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from knowledge.blocks import ROW_NAME_END
from knowledge.chunk import introductions
from knowledge.documents import Passage
from knowledge.hits import Hit, general_first
from knowledge.lexical import tokens
from knowledge.scope import scope_fit
from knowledge.select import best_sentences
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tuning import tuning_of

_LEAST_SENTENCES, _MOST_SENTENCES = 2, 5
_NEAR = 3
_HOW = re.compile(r"\bhow (?:do|can|could|should|must|would|to)\b", re.IGNORECASE)
_FORBIDDEN = re.compile(r"(?:please )?(?:do not|don['\u2019]t|never|avoid|no|not)\b", re.IGNORECASE)
# So much less may score what says how, to go before what says how not.
_HOW_LEAD = 0.1


class AnswerStatus(StrEnum):
    ANSWERED = "answered"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """Where sentences come from; `url` is where customers can read on, empty where the article does not say."""

    title: str
    document_id: str
    passage_id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`sentences` are word for word from the articles, in their order, and none when UNKNOWN.

    `sources` are the passages they stand in, `near` other articles that might help, the likeliest first;
    `probability` is that of the sources answering the question. `composer` names the language model in whose words
    the sentences are, if any.
    """

    status: AnswerStatus
    sentences: tuple[str, ...]
    sources: tuple[Source, ...]
    near: tuple[Source, ...]
    probability: float
    composer: str = ""


def compose(
    store: KnowledgeStore,
    question: str,
    hits: Sequence[Hit],
    tier: str | None = None,
    country: str | None = None,
    settings: KnowledgeSettings | None = None,
) -> Answer:
    """The answer to `question` from what `Retriever.search` found for it.

    `tier` and `country` are the person's, and choose among variants where the search did not know them.
    Two to five sentences, from the best passage and, where that has only one, from its neighbour.
    """
    settings = settings or KnowledgeSettings()
    hits = hits_for(store, hits, tier, country, settings)
    passages = store.get_passages(hit.passage_id for hit in hits)
    hits = [hit for hit in hits if hit.passage_id in passages]
    probability = tuning_of(settings.home).answerability.probability(hits)
    if not hits or probability < settings.unsure_threshold:
        return Answer(AnswerStatus.UNKNOWN, (), (), _near(hits, passages, set()), probability)
    hits = _how_first(question, hits, passages)
    chosen = _chosen(question, hits, passages)
    chosen = [(passage, rows_for(passage, places, question, tier, store.tiers())) for passage, places in chosen]
    chosen = [(passage, _introduced(store, passage, places)) for passage, places in chosen]
    sentences = [passage.sentences[place] for passage, places in chosen for place in places]
    sources = tuple(source_of(passage) for passage, _ in chosen)
    return Answer(
        status=AnswerStatus.ANSWERED if probability >= settings.answer_threshold else AnswerStatus.UNSURE,
        sentences=tuple(dict.fromkeys(sentences))[:_MOST_SENTENCES],
        sources=sources,
        near=_near(hits, passages, {source.document_id for source in sources}),
        probability=probability,
    )


def hits_for(
    store: KnowledgeStore,
    hits: Sequence[Hit],
    tier: str | None,
    country: str | None,
    settings: KnowledgeSettings,
) -> list[Hit]:
    """Variants that turn out to be for others are dropped, those that fit move up."""
    kept: list[Hit] = []
    for hit in hits:
        if hit.fit < 0:
            document = store.get_document(hit.document_id)
            if document is None:
                continue
            fits = scope_fit(document.audience, document.countries, tier, country)
            if fits is None:
                continue
            if fits > 0:
                hit = replace(hit, score=hit.score + settings.variant_bonus, fit=fits)
        kept.append(hit)
    return general_first(kept, settings.general_lead)


def _how_first(question: str, hits: Sequence[Hit], passages: Mapping[str, Passage]) -> list[Hit]:
    """Asked how something is done, what must not be done goes after how the same article says that it is."""
    first = hits[0]
    if not _HOW.search(question) or not _forbids(passages[first.passage_id], first.sentences):
        return list(hits)
    for hit in hits[1:]:
        passage = passages[hit.passage_id]
        near = hit.score >= first.score - _HOW_LEAD
        if hit.document_id == first.document_id and near and not _forbids(passage, hit.sentences):
            return [hit, *(each for each in hits if each is not hit)]
    return list(hits)


def _forbids(passage: Passage, places: Sequence[int]) -> bool:
    """Whether more than half of these sentences say what not to do."""
    said = [passage.sentences[place] for place in places if 0 <= place < len(passage.sentences)]
    return bool(said) and 2 * sum(bool(_FORBIDDEN.match(sentence)) for sentence in said) > len(said)


def _chosen(
    question: str, hits: Sequence[Hit], passages: Mapping[str, Passage]
) -> list[tuple[Passage, tuple[int, ...]]]:
    """Passages with the ids of their sentences to show, in order of the document."""
    best = passages[hits[0].passage_id]
    chosen = [(best, _sentence_ids(question, hits[0], best))]
    if len(chosen[0][1]) < _LEAST_SENTENCES:
        for hit in hits[1:]:
            passage = passages[hit.passage_id]
            if passage.document_id == best.document_id:
                chosen.append((passage, _sentence_ids(question, hit, passage)))
                break
    return sorted(chosen, key=lambda each: each[0].position)


def rows_for(
    passage: Passage, places: tuple[int, ...], question: str, tier: str | None, tiers: frozenset[str]
) -> tuple[int, ...]:
    """Of a table of tiers the person's own row alone, also where the nearest sentences are the other rows.

    While the tier is not known and none is asked about: every row, as one of them would be read as holding for all.
    """
    rows = [sentence.partition(ROW_NAME_END)[0].lower() for sentence in passage.sentences]
    named = tiers.intersection(tokens(question))
    if tier is None:
        of_tiers = {place for place, row in enumerate(rows) if row in tiers}
        return tuple(sorted(of_tiers.union(places))) if not named and of_tiers.intersection(places) else places
    tier, others = tier.lower(), tiers.difference({tier.lower()}, named)
    foreign = {place for place in places if rows[place] in others}
    if not foreign:
        return places
    own = {place for place, row in enumerate(rows) if row == tier}
    return tuple(sorted(own.union(places) - foreign)) or places


def _introduced(store: KnowledgeStore, passage: Passage, places: tuple[int, ...]) -> tuple[int, ...]:
    """With the line before the list from whose middle the sentences are: an item alone says half of it."""
    lines = {sentence: place for place, sentence in enumerate(passage.sentences) if sentence.endswith(":")}
    if not lines or not places or min(lines.values()) >= places[0]:
        return places
    document = store.get_document(passage.document_id)
    line = introductions(document).get(passage.sentences[places[0]]) if document else None
    place = lines.get(line) if line else None
    return (place, *places)[:_MOST_SENTENCES] if place is not None and place < places[0] else places


def _sentence_ids(question: str, hit: Hit, passage: Passage) -> tuple[int, ...]:
    ids = tuple(place for place in hit.sentences if 0 <= place < len(passage.sentences))
    if ids:
        return ids
    words = set(tokens(question))
    shared = [len(words.intersection(tokens(sentence))) for sentence in passage.sentences]
    return best_sentences(np.array(shared, dtype=np.float32))


def _near(hits: Sequence[Hit], passages: Mapping[str, Passage], used: set[str]) -> tuple[Source, ...]:
    near: dict[str, Source] = {}
    for hit in hits:
        if hit.document_id not in used:
            near.setdefault(hit.document_id, source_of(passages[hit.passage_id]))
    return tuple(near.values())[:_NEAR]


def source_of(passage: Passage) -> Source:
    return Source(passage.title, passage.document_id, passage.passage_id, passage.url)

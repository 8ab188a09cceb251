"""Hits into an answer: sentences of the articles with their sources, or the honest statement of none.

Needs the store and no encoder, so it runs in the action server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from knowledge.chunk import outline
from knowledge.documents import Passage
from knowledge.hits import Hit, general_first
from knowledge.layout import lay_out
from knowledge.places import (
    Outline,
    Person,
    has_steps,
    mostly_rows,
    named_rows,
    names_row,
    nearest_places,
    rows_for,
    tables_in,
    whole_lists,
    with_introduction,
)
from knowledge.scope import scope_fit
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tuning import tuning_of

_LEAST_SENTENCES = 2
_NEAR = 3
_HOW = re.compile(
    r"\bhow (?:do|can|could|should|must|would|to)\b|\bwhat (?:do|can|should|must) \w+ (?:have to )?do\b", re.IGNORECASE
)
_FORBIDDEN = re.compile(r"(?:please )?(?:do not|don['\u2019]t|never|avoid|no|not)\b", re.IGNORECASE)
# So much less may score what says how, to go before what says how not.
_HOW_LEAD = 0.1
# So much nearer may one sentence be than what is put beside it.
_BESIDE = 0.15
# Weight of the heading's cosine where sections of one article are compared.
_HEADING_SHARE = 0.25


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
    the sentences are, if any; else `laid_out` is how they are shown.
    """

    status: AnswerStatus
    sentences: tuple[str, ...]
    sources: tuple[Source, ...]
    near: tuple[Source, ...]
    probability: float
    composer: str = ""
    laid_out: str = ""

    @property
    def text(self) -> str:
        """As customers read it, in lines where the article has a list or a table."""
        return self.laid_out if self.laid_out and not self.composer else " ".join(self.sentences)


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
    document = store.get_document(hits[0].document_id)
    lists = outline(document) if document else {}
    person = Person(tier, country, store.tiers())
    hits = _section_first(question, hits, passages, lists)
    chosen = [
        (passage, _shown(question, passage, places, person, lists))
        for passage, places in _chosen(question, hits, passages, lists)
    ]
    sentences = dict.fromkeys(passage.sentences[place] for passage, places in chosen for place in places)
    headings = {passage.sentences[place]: passage.heading for passage, places in chosen for place in places}
    sources = tuple(source_of(passage) for passage, _ in chosen)
    return Answer(
        status=AnswerStatus.ANSWERED if probability >= settings.answer_threshold else AnswerStatus.UNSURE,
        sentences=tuple(sentences),
        sources=sources,
        near=_near(hits, passages, {source.document_id for source in sources}),
        probability=probability,
        laid_out=lay_out(
            tuple(sentences), lists, headings, document.body if document else "", person.columns(question)
        ),
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


def _section_first(question: str, hits: Sequence[Hit], passages: Mapping[str, Passage], lists: Outline) -> list[Hit]:
    """Of the leading article, the section to answer from goes first: its heading tells it from the others.

    Asked how something is done, what an article says first of all, or what must not be done, goes after its steps;
    where it has none, after what else of it is near.
    """
    own = [hit for hit in hits if hit.document_id == hits[0].document_id and hit.fit == hits[0].fit]
    own.sort(key=_of_section, reverse=True)
    best = _with_named_row(question, own, passages, lists)
    if _HOW.search(question) and mostly_rows(passages[best.passage_id], best.sentences, lists):
        telling = [hit for hit in own if has_steps(passages[hit.passage_id], lists)]
        best = next((hit for hit in telling if _of_section(hit) >= _of_section(best) - _HOW_LEAD), best)
    elif _HOW.search(question) and not _tells_how(best, passages, lists):
        near = [
            hit
            for hit in own[1:]
            if _of_section(hit) >= _of_section(best) - _HOW_LEAD
            and not _forbids(passages[hit.passage_id], hit.sentences)
        ]
        steps = [hit for hit in near if has_steps(passages[hit.passage_id], lists)]
        best = next(iter(steps or near), best)
    return [best, *(hit for hit in hits if hit is not best)]


def _with_named_row(question: str, own: Sequence[Hit], passages: Mapping[str, Passage], lists: Outline) -> Hit:
    """The first, or, of a long table that is cut in two, the part with the row that the question names."""
    groups = tables_in(passages[own[0].passage_id], lists)
    for hit in own:
        if groups & tables_in(passages[hit.passage_id], lists) and names_row(passages[hit.passage_id], question, lists):
            return hit
    return own[0]


def _of_section(hit: Hit) -> float:
    return hit.score + _HEADING_SHARE * hit.heading


def _tells_how(hit: Hit, passages: Mapping[str, Passage], lists: Outline) -> bool:
    passage = passages[hit.passage_id]
    return has_steps(passage, lists) or not (_opens(passage) or _forbids(passage, hit.sentences))


def _opens(passage: Passage) -> bool:
    """Whether it stands under no heading but the title's: how an article begins."""
    return not passage.heading


def _forbids(passage: Passage, places: Sequence[int]) -> bool:
    """Whether more than half of these sentences say what not to do."""
    said = [passage.sentences[place] for place in places if 0 <= place < len(passage.sentences)]
    return bool(said) and 2 * sum(bool(_FORBIDDEN.match(sentence)) for sentence in said) > len(said)


def _chosen(
    question: str, hits: Sequence[Hit], passages: Mapping[str, Passage], lists: Outline
) -> list[tuple[Passage, tuple[int, ...]]]:
    """Passages with the places of their nearest sentences, in order of the document.

    Beside one sentence stands what is about as near in the same article; steps of another section would be taken for
    the answer.
    """
    best = passages[hits[0].passage_id]
    chosen = [(best, nearest_places(question, hits[0], best))]
    if len(chosen[0][1]) < _LEAST_SENTENCES:
        for hit in hits[1:]:
            passage = passages[hit.passage_id]
            near = hit.document_id == best.document_id and _of_section(hit) >= _of_section(hits[0]) - _BESIDE
            if near and not has_steps(passage, lists):
                chosen.append((passage, nearest_places(question, hit, passage)))
                break
    return sorted(chosen, key=lambda each: each[0].position)


def _shown(question: str, passage: Passage, places: tuple[int, ...], person: Person, lists: Outline) -> tuple[int, ...]:
    """The places of a passage as they are shown to this person."""
    places = rows_for(passage, whole_lists(passage, places, lists), question, person)
    places = named_rows(passage, places, question, person, lists)
    return with_introduction(passage, places, lists)


def _near(hits: Sequence[Hit], passages: Mapping[str, Passage], used: set[str]) -> tuple[Source, ...]:
    near: dict[str, Source] = {}
    for hit in hits:
        if hit.document_id not in used:
            near.setdefault(hit.document_id, source_of(passages[hit.passage_id]))
    return tuple(near.values())[:_NEAR]


def source_of(passage: Passage) -> Source:
    return Source(passage.title, passage.document_id, passage.passage_id, passage.url)

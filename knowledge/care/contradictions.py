"""Two articles for the same people that give different days or amounts for the same thing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from knowledge.care.corpus import Corpus, near_pairs, overlap
from knowledge.care.duplicates import apart_in_time
from knowledge.care.facts import Fact, contradict, read_facts, read_free, read_hours, subject_words
from knowledge.care.findings import Evidence, Finding, Kind
from knowledge.documents import Document

# Chosen for few false alarms: a team that is sent to look in vain soon looks no more.
_LEAST_COSINE = 0.65
_LEAST_OVERLAP = 0.5
# Of sentences that are this near in meaning, the words need not agree as much.
_NEAR_COSINE = 0.8
_NEAR_OVERLAP = 0.4
_FEWEST_SHARED = 2
# Cosine of two passages on one matter, where the sentences themselves name it in a word only.
_NEAR_AROUND = 0.7
# A word that at most this share of the articles use can be what one of them is about.
_FEW_ARTICLES = 0.3


@dataclass(frozen=True)
class _Stated:
    """A sentence with numbers, and where it stands.

    `words` are its own, `named` those of title and headings; `special` of these are the ones that few articles use:
    what the article is about.
    """

    place: int
    row: int
    facts: tuple[Fact, ...]
    words: frozenset[str]
    named: frozenset[str]
    special: frozenset[str]


def find_contradictions(corpus: Corpus, progress: Callable[[int, int], None] | None = None) -> list[Finding]:
    """One finding for each two amounts of two articles, with the sentences that are nearest in meaning.

    A general article and a variant for a tier or country do not contradict each other, since the variant is
    what these customers are told; unless the general one speaks of that very tier.
    """
    stated = _stated(corpus)
    if not stated:
        return []
    vectors = np.stack([corpus.spoken[each.place][each.row] for each in stated])
    found: dict[tuple[str, ...], Finding] = {}
    for one, other, cosine in near_pairs(vectors, _LEAST_COSINE):
        if progress is not None:
            progress(one, len(stated))
        pair = _contradiction(corpus, stated[one], stated[other], cosine)
        if pair is not None:
            finding = _finding(corpus, stated[one], stated[other], pair, cosine)
            said = (*finding.articles, pair[0].said, pair[1].said)
            if said not in found or found[said].weight < cosine:
                found[said] = finding
    return list(found.values())


def _stated(corpus: Corpus) -> list[_Stated]:
    tiers = frozenset(tier for document in corpus.documents.values() for tier in document.audience)
    spread = _spread(corpus)
    many = max(2, len(corpus.documents) * _FEW_ARTICLES)
    stated = []
    for place, passage in enumerate(corpus.passages):
        named = subject_words(" ".join((passage.title, *passage.headings)))
        for row, sentence in enumerate(passage.sentences):
            facts = (*read_facts(sentence, tiers), *read_free(sentence, tiers), *read_hours(sentence, tiers))
            if facts:
                special = frozenset(word for word in named if spread[word] <= many)
                stated.append(_Stated(place, row, facts, subject_words(sentence), named, special))
    return stated


def _spread(corpus: Corpus) -> Counter[str]:
    """In how many articles each word stands."""
    words: dict[str, set[str]] = defaultdict(set)
    for passage in corpus.passages:
        words[passage.document_id] |= subject_words(passage.search_text)
    return Counter(word for each in words.values() for word in each)


def _contradiction(corpus: Corpus, one: _Stated, other: _Stated, cosine: float) -> tuple[Fact, Fact] | None:
    first, second = corpus.document_of(one.place), corpus.document_of(other.place)
    if first is second or first.language != second.language or apart_in_time(first, second):
        return None
    for fact, against in _comparable(one, other):
        if (
            contradict(fact, against)
            and _same_people(first, fact, second, against)
            and _same_subject(corpus, one, fact, other, against, cosine)
        ):
            return fact, against
    return None


def _comparable(one: _Stated, other: _Stated) -> Iterator[tuple[Fact, Fact]]:
    """Facts of one unit, without those that the other sentence says too."""
    by_unit: dict[str, list[Fact]] = defaultdict(list)
    for against in other.facts:
        by_unit[against.unit].append(against)
    for fact in one.facts:
        others = by_unit[fact.unit]
        if any((fact.low, fact.high) == (each.low, each.high) for each in others):
            continue
        for against in others:
            if not any((against.low, against.high) == (each.low, each.high) for each in one.facts):
                yield fact, against


def _same_people(first: Document, fact: Fact, second: Document, against: Fact) -> bool:
    """Tiers and countries that a clause names count as if the article were for them."""
    tiers, countries = {*first.audience, *second.audience}, {*first.countries, *second.countries}
    for one, other, known in (
        (_audience(first, fact), _audience(second, against), tiers),
        (_countries(first, fact), _countries(second, against), countries),
    ):
        if bool(one) != bool(other) or (one and not one & other):
            return False
        if not known and one != other:
            return False
    return True


def _audience(document: Document, fact: Fact) -> frozenset[str]:
    named = frozenset(each for each in fact.only_for if each.islower())
    return named or frozenset(document.audience)


def _countries(document: Document, fact: Fact) -> frozenset[str]:
    return frozenset(each for each in fact.only_for if each.isupper()) or frozenset(document.countries)


def _one_matter(corpus: Corpus, one: _Stated, other: _Stated) -> bool:
    """Whether the passages around two sentences are near in meaning."""
    around = float(corpus.vectors[one.place].astype(np.float32) @ corpus.vectors[other.place].astype(np.float32))
    return around >= _NEAR_AROUND


def _same_subject(corpus: Corpus, one: _Stated, fact: Fact, other: _Stated, against: Fact, cosine: float) -> bool:
    if (one.words - other.words) & (one.special - other.named) or (other.words - one.words) & (
        other.special - one.named
    ):
        return False  # one is about what its own title names and the other does not: the kettle, the coffee machine
    mine, theirs = fact.subject, against.subject
    if min(len(mine), len(theirs)) < _FEWEST_SHARED:
        is_part = mine == theirs if fact.is_free or against.is_free else mine <= theirs or theirs <= mine
        if mine & theirs and is_part and _one_matter(corpus, one, other):
            return True  # "standard takes 5 days" and "standard delivery takes 3 days", both on delivery
        # "It takes 5 days": what "it" is, the title and the headings say.
        mine, theirs = mine | one.named, theirs | other.named
    least = _NEAR_OVERLAP if cosine >= _NEAR_COSINE else _LEAST_OVERLAP
    return len(mine & theirs) >= _FEWEST_SHARED and overlap(mine, theirs) >= least


def _finding(corpus: Corpus, one: _Stated, other: _Stated, pair: tuple[Fact, Fact], cosine: float) -> Finding:
    first, second = corpus.document_of(one.place), corpus.document_of(other.place)
    return Finding(
        Kind.CONTRADICTION,
        (first.document_id, second.document_id),
        f"'{first.title}' says {pair[0].said}, '{second.title}' says {pair[1].said}",
        (
            Evidence.of(first, corpus.passages[one.place].sentences[one.row]),
            Evidence.of(second, corpus.passages[other.place].sentences[other.row]),
        ),
        weight=cosine,
    )

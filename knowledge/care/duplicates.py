"""Passages of two articles that say the same to the same people."""

from __future__ import annotations

from knowledge.care.corpus import Corpus, near_pairs, overlap
from knowledge.care.findings import Evidence, Finding, Kind
from knowledge.documents import Document
from knowledge.lexical import tokens

# Both are needed: near vectors alone are two passages on one subject, shared words alone the house's phrases.
_LEAST_COSINE = 0.8
_LEAST_OVERLAP = 0.6
# A passage shorter than this (content words) may well stand in two articles.
_FEWEST_WORDS = 8


def find_duplicates(corpus: Corpus) -> list[Finding]:
    """One finding for each two articles, with their most alike passages.

    Variants for different tiers, countries, languages or times are not compared: they are alike on purpose.
    """
    best: dict[tuple[str, str], tuple[float, float, int, int]] = {}
    words = [frozenset(tokens(passage.text)) for passage in corpus.passages]
    for one, other, cosine in near_pairs(corpus.vectors, _LEAST_COSINE):
        first, second = corpus.document_of(one), corpus.document_of(other)
        if first is second or variants(first, second):
            continue
        shared = overlap(words[one], words[other])
        if shared < _LEAST_OVERLAP or min(len(words[one]), len(words[other])) < _FEWEST_WORDS:
            continue
        pair = (first.document_id, second.document_id)
        best[pair] = max(best.get(pair, (0.0, 0.0, 0, 0)), (shared * cosine, shared, one, other))
    return [_finding(corpus, *found) for found in best.values()]


def variants(first: Document, second: Document) -> bool:
    return (
        set(first.audience) != set(second.audience)
        or set(first.countries) != set(second.countries)
        or first.language != second.language
        or apart_in_time(first, second)
    )


def apart_in_time(first: Document, second: Document) -> bool:
    """Whether one article ends before the other begins."""
    return any(
        one.valid_until is not None and other.valid_from is not None and one.valid_until < other.valid_from
        for one, other in ((first, second), (second, first))
    )


def _finding(corpus: Corpus, alike: float, shared: float, one: int, other: int) -> Finding:
    first, second = corpus.document_of(one), corpus.document_of(other)
    same = corpus.passages[one].text == corpus.passages[other].text
    said = "the same passage" if same else f"passages of one meaning that share {shared:.0%} of their words"
    return Finding(
        Kind.DUPLICATE,
        (first.document_id, second.document_id),
        f"'{first.title}' and '{second.title}' hold {said}",
        (Evidence.of(first, corpus.passages[one].text), Evidence.of(second, corpus.passages[other].text)),
        weight=1.0 if same else alike,
    )

"""Entities as tags of words: which tag each piece of a word has to learn, and the best tags for given scores.

Tags are BIO: `B-x` begins an entity of kind x, `I-x` goes on with it, `O` is outside (Ramshaw and Marcus 1995,
https://aclanthology.org/W95-0107). The encoder reads pieces of words; the first piece of a word carries its tag, the
others are neither learned nor asked, so that a word is never torn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.nlu.tag_chain import OUTSIDE, TagChain
from bot.nlu.training_text import Span

# Of pieces that carry no tag.
IGNORED = -100


@dataclass(frozen=True)
class Pieces:
    """Where the pieces of a text's words lie."""

    starts: np.ndarray
    ends: np.ndarray
    """int (pieces,): letters of the text, the end not included."""
    words: np.ndarray
    """int (pieces,): number of the word that the piece is of, -1 for marks that are no part of the text."""

    @property
    def first(self) -> np.ndarray:
        """int (words,): the first piece of each word."""
        known = np.flatnonzero(self.words >= 0)
        return known[np.diff(self.words[known], prepend=-1) != 0]

    @property
    def last(self) -> np.ndarray:
        """int (words,): the last piece of each word."""
        known = np.flatnonzero(self.words >= 0)
        return known[np.diff(self.words[known], append=-1) != 0]


@dataclass(frozen=True)
class TaggedSpan:
    start: int
    end: int
    label: str
    confidence: float
    """Probability of the least sure word in it."""


def pieces_of(encoding: Any) -> Pieces:
    """Of an `Encoding` of the tokenizers library."""
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    words = np.array([-1 if word is None else word for word in encoding.word_ids], dtype=np.int64)
    return Pieces(offsets[:, 0], offsets[:, 1], words)


def tag_set(labels: Iterable[str]) -> tuple[str, ...]:
    """`O` and two tags for each kind of entity, in the same order for the same kinds; empty without any."""
    kinds = sorted(set(labels))
    return (OUTSIDE, *(f"{place}-{kind}" for kind in kinds for place in "BI")) if kinds else ()


def tag_ids(spans: Sequence[Span], pieces: Pieces, tags: Sequence[str]) -> np.ndarray:
    """int64 (pieces,): the tag that each first piece of a word has to learn, `IGNORED` for all others.

    A word that lies only in part in a span belongs to it. Kinds that are not in `tags` are outside.
    """
    number = {tag: place for place, tag in enumerate(tags)}
    ids = np.full(len(pieces.words), IGNORED, dtype=np.int64)
    first, ends = pieces.first, pieces.ends[pieces.last]
    ids[first] = number[OUTSIDE]
    for span in spans:
        if f"B-{span.label}" in number:
            inside = first[(pieces.starts[first] < span.end) & (ends > span.start)]
            ids[inside] = number[f"I-{span.label}"]
            ids[inside[:1]] = number[f"B-{span.label}"]
    return ids


def decode(scores: np.ndarray, pieces: Pieces, chain: TagChain) -> list[TaggedSpan]:
    """The entities of a text by `scores`, float32 (pieces, tags): those of the chain's likeliest sequence."""
    first, last = pieces.first, pieces.last
    if not len(first) or not chain.tags:
        return []
    said = scores[first].astype(np.float32)
    best = chain.best(said)
    if (best == chain.tags.index(OUTSIDE)).all():
        return []
    sure = chain.probabilities(said)[np.arange(len(best)), best]
    spans: list[TaggedSpan] = []
    start = 0
    while start < len(best):
        name = chain.tags[best[start]]
        if name == OUTSIDE:
            start += 1
            continue
        inside = chain.tags.index(f"I-{name[2:]}")
        end = start + 1
        while end < len(best) and best[end] == inside:
            end += 1
        begin, close = int(pieces.starts[first[start]]), int(pieces.ends[last[end - 1]])
        spans.append(TaggedSpan(begin, close, name[2:], float(sure[start:end].min())))
        start = end
    return spans

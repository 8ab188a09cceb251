"""Misspelt copies of examples, so that a typo is nothing new to the encoder when a customer makes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from bot.nlu.training_text import Span

# Share of the words that are misspelt, and of the gaps between words that are lost.
WORDS, GAPS = 0.15, 0.04
# Shorter words are seldom misspelt, and would become other words.
_FEWEST_LETTERS = 3
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def misspell(text: str, rng: np.random.Generator) -> str:
    """`text` with about one word in seven mistyped, and now and then two words run together."""
    return misspell_marked(text, (), rng)[0]


def misspell_marked(text: str, spans: Sequence[Span], rng: np.random.Generator) -> tuple[str, list[Span]]:
    """The same, with the spans where their words are now. A word that lost a letter is in its span as a whole."""
    found = list(re.finditer(r"\S+", text))
    words = [_mistype(word.group(), rng) if rng.random() < WORDS else word.group() for word in found]
    gaps = np.where(rng.random(len(words)) < GAPS, "", " ")
    starts = np.cumsum([0, *(len(word) + len(gap) for word, gap in zip(words, gaps, strict=True))])
    moved = []
    for span in spans:
        inside = [place for place, word in enumerate(found) if word.start() < span.end and word.end() > span.start]
        if inside:
            first, last = inside[0], inside[-1]
            before, after = max(0, span.start - found[first].start()), max(0, found[last].end() - span.end)
            end = starts[last] + len(words[last]) - after
            moved.append(Span(int(starts[first]) + before, int(end), span.label))
    return "".join(word + gap for word, gap in zip(words, gaps, strict=True)).strip(), moved


def _mistype(word: str, rng: np.random.Generator) -> str:
    if len(word) < _FEWEST_LETTERS or not word.isalpha():
        return word
    slip = _SLIPS[rng.integers(len(_SLIPS))]
    return slip(word, int(rng.integers(len(word) - 1)), rng)


def _swap(word: str, place: int, _: np.random.Generator) -> str:
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _drop(word: str, place: int, _: np.random.Generator) -> str:
    return word[:place] + word[place + 1 :]


def _double(word: str, place: int, _: np.random.Generator) -> str:
    return word[: place + 1] + word[place:]


def _neighbour_key(word: str, place: int, rng: np.random.Generator) -> str:
    for row in _KEYS:
        found = row.find(word[place].lower())
        if found >= 0:
            beside = row[max(0, found - 1) : found] + row[found + 1 : found + 2]
            return word[:place] + beside[rng.integers(len(beside))] + word[place + 1 :]
    return word


_SLIPS: tuple[Callable[[str, int, np.random.Generator], str], ...] = (_swap, _drop, _double, _neighbour_key)

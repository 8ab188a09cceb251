"""Mistyped words put right for the encoder, whose pieces of "ketle" say little of a kettle.

The text of the message stays as the customer wrote it: names and addresses are nobody's to correct.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Letters alone, and not within an address or a number.
_WORD = re.compile(r"(?<![\w@./'-])[^\W\d_]{4,24}(?![\w@/'-]|\.\w)")
# What makes another word of a known one: "accessing" is spelt right though only "access" is known.
_ENDINGS = (
    "s", "es", "ed", "ing", "er", "ers", "ly", "able", "ible", "ate", "ated", "ness", "ment", "ments", "ful",
    "less", "ion", "ions", "ity", "al",
)  # fmt: skip
# Shorter words are too near to too many others; longer ones may have two mistakes.
FEWEST_LETTERS, TWO_MISTAKES_FROM = 4, 8


class SpellingRepair:
    """`examples` are the words of the training examples with how often each comes; `known` are other words to leave.

    A word in neither is replaced by the likeliest word of the examples that is one edit away (optimal string
    alignment: a letter too many, missing, wrong, or two that changed places), two for long words; of `known` words
    only where no word of the examples is as near.
    """

    def __init__(self, examples: Mapping[str, int], known: Collection[str]) -> None:
        self._examples = dict(examples)
        self._known = frozenset(known) | frozenset(examples)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self._known):
            if len(word) >= FEWEST_LETTERS - 1:  # "therre" may have been longer than it should
                self._by_length[len(word)].append(word)
        self._of = lru_cache(maxsize=10_000)(self._nearest)

    def repair(self, text: str) -> str:
        """`text` with the words that are known; the same object where nothing is to repair."""
        changed = _WORD.sub(lambda found: self._word(found[0]), text)
        return text if changed == text else changed

    def _word(self, word: str) -> str:
        letters = word.lower()
        if self._is_known(letters) or word[1:].lower() != word[1:] or len(letters) != len(word):
            return word
        return self._of(letters) or word

    def _is_known(self, word: str) -> bool:
        if word in self._known:
            return True
        stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        stems = [stem for stem in stems if len(stem) >= FEWEST_LETTERS]
        return any(stem in self._known or stem + "e" in self._known for stem in stems)

    def _nearest(self, word: str) -> str | None:
        most = 2 if len(word) >= TWO_MISTAKES_FROM else 1
        near = [
            (distance, other)
            for length in range(len(word) - most, len(word) + most + 1)
            for other, distance, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=most, limit=None
            )
        ]

        # The first letter is seldom wrong; a word of the examples is likelier than any other.
        def cost(candidate: tuple[float, str]) -> tuple[float, bool, bool, int, str]:
            distance, other = candidate
            return (distance, other not in self._examples, other[0] != word[0], -self._examples.get(other, 0), other)

        return min(near, key=cost)[1] if near else None


def whole_words(vocabulary: Collection[str]) -> list[str]:
    """Of a tokenizer's pieces those that are words by themselves: they are common, and spelt right."""
    return sorted(piece for piece in vocabulary if piece.isalpha() and piece.islower() and len(piece) >= FEWEST_LETTERS)

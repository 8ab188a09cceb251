"""Search by words: BM25 (Robertson & Zaragoza, 2009, "The Probabilistic Relevance Framework")."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
# Words that tell nothing about the subject of a question.
_STOP = (
    "a about am an and are as at be been but by can could did do does for from had has have he her hi hello "
    "him his how i i'd i'll i'm i've if in into is isn't it it's its just me my of on or our please she "
    "should so some than that that's the their them then there these they this those to too us was we were "
    "what what's when where which who why will with would you your"
)
_STOP_WORDS = frozenset(_STOP.split())
# BM25's k1 and b as in Lucene: saturation of a repeated word, weight of a passage's length.
_K1, _B = 1.5, 0.75


def tokens(text: str) -> list[str]:
    """The words of `text` that count, lower case, plural removed."""
    words = (word.lower().replace("\u2019", "'") for word in _WORD.findall(text))
    return [_stem(word.removesuffix("'s")) for word in words if word not in _STOP_WORDS]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Plural to singular, the S stemmer of Harman (1991, "How effective is suffixing?"), table 1."""
    if len(word) < 4:
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word


class LexicalIndex:
    """BM25 over passages, with scores made comparable between questions.

    A score is divided by what a passage would get that says every word of the question without end, so it
    lies in [0, 1] and tells how much of the question's weight in words the passage covers. A word that no
    passage has weighs as much as the rarest that one has.
    """

    def __init__(self, bm25: Any, size: int) -> None:
        self._bm25 = bm25
        self._size = size
        frequency = np.diff(bm25.scores["indptr"]).astype(np.float64)
        # Lucene's idf; the score of a word tends to it as the word is repeated.
        self._idf = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
        self._unknown_idf = float(np.log(1 + (size - 0.5) / 1.5))

    def scores(self, text: str) -> Scores:
        """float32 (number of passages): how much of the question each passage covers, 0 to 1."""
        words = list(dict.fromkeys(tokens(text)))
        places = [self._bm25.vocab_dict.get(word) for word in words]
        known = [place for place in places if place is not None]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        best = float(self._idf[known].sum()) + self._unknown_idf * (len(words) - len(known))
        raw: Scores = self._bm25.get_scores([word for word in words if word in self._bm25.vocab_dict])
        return np.clip(raw[: self._size] / best, 0.0, 1.0).astype(np.float32)

    def save(self, folder: Path) -> None:
        self._bm25.save(str(folder), show_progress=False)


def build_lexical(texts: Sequence[str]) -> LexicalIndex:
    """BM25 over `texts`, in their order."""
    bm25 = _new_bm25()
    # A passage without any word still needs its row; an empty string is a word that no question has.
    bm25.index([tokens(text) or [""] for text in texts] or [[""]], show_progress=False)
    return LexicalIndex(bm25, len(texts))


def load_lexical(folder: Path, size: int) -> LexicalIndex:
    """What `LexicalIndex.save` wrote, for `size` passages."""
    import bm25s  # type: ignore[import-untyped]

    return LexicalIndex(bm25s.BM25.load(str(folder), show_progress=False, mmap=False), size)


def _new_bm25() -> Any:
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s.BM25(k1=_K1, b=_B, method="lucene", auto_compile=False)

"""Search by words: BM25 (Robertson & Zaragoza, 2009, "The Probabilistic Relevance Framework")."""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Weights = Mapping[str, float]
"""Words of a question, and each one's share of what the question says."""

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
# Entries read for one question: some milliseconds' worth.
MOST_POSTINGS = 100_000
_NOWHERE = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


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

    For each word, in `places` (int32) and `saturation` (float32) between two of `bounds` (int64), which passages
    have it, ascending, and how far repetition there has saturated: tf / (tf + k1 * (1 - b + b * length / mean)).
    """

    def __init__(
        self,
        words: Mapping[str, int],
        bounds: NDArray[np.int64],
        places: NDArray[np.int32],
        saturation: Scores,
        size: int,
        mean_length: float,
    ) -> None:
        self._words = words
        self._bounds = bounds
        self._places = places
        self._saturation = saturation
        self.size = size
        self.mean_length = mean_length

    def weights(self, text: str) -> Weights:
        """The words of a question with their idf (as in Lucene, never negative), which add up to 1."""
        words = list(dict.fromkeys(tokens(text)))
        idf = {word: self._idf(max(1, self._frequency(word))) for word in words}
        total = sum(idf.values())
        return {word: value / total for word, value in idf.items()}

    def scores(self, weights: Weights) -> Scores:
        """float32 (passages,): how much of the question each passage covers, 0 to 1."""
        scores = np.zeros(self.size, dtype=np.float32)
        for word, weight in weights.items():
            places, saturation = self._postings(word)
            scores[places] += np.float32(weight) * saturation
        return scores

    def best(self, weights: Weights, count: int, allowed: Mask | None = None) -> Places:
        """Up to `count` places of passages that cover most, in no order; `allowed` is bool (passages,).

        Where the question's words are so common that very many passages have them, the rarest decide which
        passages are looked at; those of the others would hardly be among the best.
        """
        scores = self.scores(self._telling(weights))
        if allowed is not None:
            scores[~allowed] = 0.0
        found = np.flatnonzero(scores)
        if len(found) > count:
            found = found[np.argpartition(scores[found], -count)[-count:]]
        return found

    def at(self, weights: Weights, places: Places) -> Scores:
        """`scores` of these places alone."""
        scores = np.zeros(len(places), dtype=np.float32)
        for word, weight in weights.items():
            having, saturation = self._postings(word)
            if not len(having):
                continue
            row = np.minimum(np.searchsorted(having, places), len(having) - 1)
            scores += np.where(having[row] == places, np.float32(weight) * saturation[row], np.float32(0.0))
        return scores

    def save(self, folder: Path) -> None:
        np.save(folder / "bounds.npy", self._bounds)
        np.save(folder / "places.npy", self._places)
        np.save(folder / "saturation.npy", self._saturation)
        values = {"size": self.size, "mean_length": self.mean_length, "words": list(self._words)}
        (folder / "words.json").write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    def _telling(self, weights: Weights) -> Weights:
        """The rarest words, as many as together stand in no more than MOST_POSTINGS passages; one at least."""
        told: dict[str, float] = {}
        looked_at = 0
        for word in sorted(weights, key=self._frequency):
            looked_at += self._frequency(word)
            if told and looked_at > MOST_POSTINGS:
                break
            if self._frequency(word):
                told[word] = weights[word]
        return told

    def _postings(self, word: str) -> tuple[NDArray[np.int32], Scores]:
        number = self._words.get(word)
        if number is None:
            return _NOWHERE
        start, end = int(self._bounds[number]), int(self._bounds[number + 1])
        return self._places[start:end], self._saturation[start:end]

    def _frequency(self, word: str) -> int:
        number = self._words.get(word)
        return 0 if number is None else int(self._bounds[number + 1] - self._bounds[number])

    def _idf(self, frequency: int) -> float:
        return math.log(1 + (self.size - frequency + 0.5) / (frequency + 0.5))


def build_lexical(texts: Sequence[str], mean_length: float | None = None) -> LexicalIndex:
    """BM25 over `texts`, in their order; `mean_length` in words is theirs, where no other is given."""
    words: dict[str, int] = {}
    numbers, owners, counts = array("i"), array("i"), array("i")
    lengths = np.zeros(len(texts), dtype=np.float64)
    for place, text in enumerate(texts):
        said = Counter(tokens(text))
        lengths[place] = said.total()
        for word, count in said.items():
            numbers.append(words.setdefault(word, len(words)))
            owners.append(place)
            counts.append(count)
    mean = mean_length or float(np.maximum(lengths, 1.0).mean() if len(texts) else 1.0)
    number, owner = np.array(numbers, dtype=np.int64), np.array(owners, dtype=np.int32)
    frequency = np.array(counts, dtype=np.float64)
    order = np.argsort(number, kind="stable")
    saturation = frequency / (frequency + _K1 * (1 - _B + _B * lengths[owner] / mean))
    bounds = np.concatenate([[0], np.cumsum(np.bincount(number, minlength=len(words)))]).astype(np.int64)
    return LexicalIndex(words, bounds, owner[order], saturation[order].astype(np.float32), len(texts), mean)


def load_lexical(folder: Path) -> LexicalIndex:
    """What `LexicalIndex.save` wrote; the large arrays stay on the disk and are read as they are searched."""
    values = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    return LexicalIndex(
        words={word: number for number, word in enumerate(values["words"])},
        bounds=np.load(folder / "bounds.npy"),
        places=np.load(folder / "places.npy", mmap_mode="r").view(np.ndarray),
        saturation=np.load(folder / "saturation.npy", mmap_mode="r").view(np.ndarray),
        size=int(values["size"]),
        mean_length=float(values["mean_length"]),
    )

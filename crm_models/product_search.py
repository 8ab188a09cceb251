"""Ranking products by what somebody typed, misspelt and all. Pure: reads nothing.

A product's score is the share of the query, weighted by how rare each word is in the shop (inverse document
frequency), that its words cover; a word in the name counts more than one in the description.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from rapidfuzz import fuzz, process

# What a match is worth by where the word stands.
NAME, BRAND, CATEGORY, FEATURE, DESCRIPTION = 1.0, 0.7, 0.7, 0.5, 0.25
# Below this share of the query a product is not what was meant.
MIN_SCORE = 0.3
# The weight of a word that the shop does not know: a rare known word weighs up to 6.
_UNKNOWN_WORD = 2.0
# rapidfuzz's ratio, 0 to 100. Shorter words must match exactly: one letter makes another word of them.
_MIN_RATIO = 80
_MIN_FUZZY_LENGTH = 5
_OPTION_RATIO = 85

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)?", re.UNICODE)
_STOP_WORDS = frozenset(
    _WORD.findall("""
    a an and any are as at available be best buy can cheap cheapest cost costs do does euro euros eur
    for from get give good got have how i in is it its kind like looking me more much my need nice of on
    one ones or our please price product products recommend sell shop show some something stock tell
    that the there these this to under want what which with would you your
    """)
)


class HasOptions(Protocol):
    @property
    def options(self) -> Mapping[str, Any]: ...


_Item = TypeVar("_Item", bound=HasOptions)


def words(text: str) -> list[str]:
    """Lower-case words without plural endings; numbers keep their fraction ("1.7")."""
    return [_singular(word.replace(",", ".")) for word in _WORD.findall(text.lower())]


def query_words(text: str) -> list[str]:
    """The words of a question that say what is wanted."""
    return [_singular(word) for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


class ProductIndex:
    """The words of some products, by the weight of where they stand."""

    def __init__(self) -> None:
        self._weights: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._products: set[str] = set()

    def add(self, product_id: str, text: str, weight: float) -> None:
        self._products.add(product_id)
        parts = words(text)
        if weight >= NAME:  # "air fryer" is also found as "airfryer"
            parts = [*parts, *_joined(parts)]
        for word in parts:
            found = self._weights[word]
            found[product_id] = max(weight, found.get(product_id, 0.0))

    def scores(self, text: str) -> dict[str, float]:
        """Product ids with a score from `MIN_SCORE` to 1; only a description's word is no match."""
        wanted = query_words(text)
        # "head phones" is one word in the shop
        wanted += [word for word in _joined(wanted) if word in self._weights]
        total = 0.0
        covered: defaultdict[str, float] = defaultdict(float)
        best: defaultdict[str, float] = defaultdict(float)
        for word in dict.fromkeys(wanted):
            matches = self._matches(word)
            rarity = self._rarity(matches) if matches else _UNKNOWN_WORD
            total += rarity
            for product, weight in self._weighted(matches).items():
                covered[product] += rarity * weight
                best[product] = max(best[product], weight)
        return {
            product: score / total
            for product, score in covered.items()
            if score / total >= MIN_SCORE and best[product] > DESCRIPTION
        }

    def _matches(self, word: str) -> list[tuple[str, float]]:
        """Words of the shop that this one means, with their likeness from 0 to 1."""
        if word in self._weights:
            return [(word, 1.0)]
        if len(word) < _MIN_FUZZY_LENGTH:
            return []
        near = process.extract(word, self._weights.keys(), scorer=fuzz.ratio, score_cutoff=_MIN_RATIO, limit=3)
        return [(found, ratio / 100) for found, ratio, _ in near]

    def _weighted(self, matches: Iterable[tuple[str, float]]) -> dict[str, float]:
        best: dict[str, float] = {}
        for found, likeness in matches:
            for product, weight in self._weights[found].items():
                best[product] = max(best.get(product, 0.0), weight * likeness)
        return best

    def _rarity(self, matches: Iterable[tuple[str, float]]) -> float:
        products = {product for word, _ in matches for product in self._weights[word]}
        return 1.0 + math.log((1 + len(self._products)) / (1 + len(products)))


def closest_category(text: str, categories: Iterable[str]) -> str | None:
    """The category somebody means: "vacuums" is "vacuum and cleaning"; None when it is none of them."""
    wanted = set(query_words(text))
    best: tuple[float, str] | None = None
    for category in categories:
        named = set(query_words(category))
        hits = sum(1 for word in wanted if any(fuzz.ratio(word, name) >= _OPTION_RATIO for name in named))
        if hits and (best is None or hits / len(named | wanted) > best[0]):
            best = (hits / len(named | wanted), category)
    return best[1] if best else None


def match_option(candidates: Sequence[_Item], text: str) -> tuple[_Item, ...]:
    """The candidates whose options fit what the customer named: "the red one, 1.7 l". None named: none fit.

    Of two values of one option either may fit ("red or black"); different options must all fit.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    said = words(text)
    for candidate in candidates:
        for name, value in candidate.options.items():
            if _said(words(str(value)), said):
                wanted[name].add(str(value))
    if not wanted:
        return ()
    for name, values in wanted.items():  # "midnight blue" also says "blue"
        wanted[name] = {v for v in values if not any(set(words(v)) < set(words(other)) for other in values)}
    return tuple(
        candidate
        for candidate in candidates
        if all(str(candidate.options.get(name)) in values for name, values in wanted.items())
    )


def _said(value: Sequence[str], said: Sequence[str]) -> bool:
    return bool(value) and all(
        part in said
        or (len(part) >= _MIN_FUZZY_LENGTH and any(fuzz.ratio(part, word) >= _OPTION_RATIO for word in said))
        for part in value
    )


def _joined(parts: Sequence[str]) -> list[str]:
    return [first + second for first, second in pairwise(parts)]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word

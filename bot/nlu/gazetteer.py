"""The shop's own words (products, categories, options, prefixes of order numbers), and finding them in a text.

They stand in `gazetteer.json` of the data folder, written whenever a shop is seeded or imported:

    {"products": [{"id": "P-1", "name": "Gooseneck Kettle"}], "categories": ["cookware"],
     "options": {"colour": ["red"]}, "order_prefixes": ["HV-"]}

Products may be plain names and options a plain list as well.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from bot.nlu.found import Found

logger = logging.getLogger(__name__)

_WORD = re.compile(r"[^\W_]+(?:[.'\u2019-][^\W_]+)*")
# A word may differ from the catalogue's by this much: one letter in five to nine, two in ten.
_WORD_LIKENESS = 80.0
_FEWEST_LETTERS = 5
_PHRASE_LIKENESS = 90.0
# Last words of product names that say nothing on their own.
_TOO_GENERAL = frozenset(
    {"set", "card", "pack", "kit", "case", "plan", "box", "stand", "light", "home", "cover", "size", "colour", "black",
     "white", "grey", "small", "large", "one", "piece", "pair", "plug", "hub", "bundle", "edition", "smart", "mini",
     "pro", "plus", "time", "order", "service"}
)  # fmt: skip
# Measures at the start of what was said are an option, not part of the name: "24 cm pan".
_MEASURES = frozenset({"cm", "mm", "kg", "litre", "l", "ml", "g", "inch", "w", "watt", "piece"})
_SPELLINGS = {"color": "colour", "gray": "grey", "aluminum": "aluminium", "liter": "litre", "liters": "litre"}
_LONGEST_NAME = 6


@dataclass(frozen=True)
class Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Gazetteer:
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    order_prefixes: tuple[str, ...] = ()

    @cached_property
    def _product_words(self) -> dict[str, frozenset[int]]:
        places: dict[str, set[int]] = defaultdict(set)
        for number, name in enumerate(self.products):
            for word in words(name):
                places[word.text].add(number)
        return {word: frozenset(numbers) for word, numbers in places.items()}

    @cached_property
    def _nouns(self) -> frozenset[str]:
        """The words that say what a product is: the last of its name, before a size or what follows a comma."""
        nouns = set()
        for name in self.products:
            named = [word.text for word in words(re.split(r"[,(]| with | for ", name)[0])]
            named = [word for word in named if not any(letter.isdigit() for letter in word) and len(word) > 2]
            if named and named[-1] not in _TOO_GENERAL:
                nouns.add(named[-1])
        return frozenset(nouns)

    @cached_property
    def _fuzzy_words(self) -> list[str]:
        return [word for word in self._product_words if len(word) >= _FEWEST_LETTERS]

    @cached_property
    def _option_words(self) -> dict[tuple[str, ...], str]:
        return {tuple(word.text for word in words(option)): option for option in self.options if words(option)}

    @cached_property
    def _category_words(self) -> dict[tuple[str, ...], str]:
        return {tuple(word.text for word in words(name)): name for name in self.categories if words(name)}

    def find_products(self, text: str) -> Iterator[Found]:
        """A whole name or a part that fits one product gives its name; a part that fits several, the words said."""
        known = [(word, self._known_word(word.text)) for word in words(text)]
        start = 0
        while start < len(known):
            if known[start][0].text in _MEASURES or known[start][0].text[0].isdigit():
                start += 1
                continue
            end, candidates = self._longest_run(known, start)
            run = [catalogue for _, catalogue in known[start:end] if catalogue]
            if candidates and self._speaks_of_product(run):
                first, last = known[start][0].start, known[end - 1][0].end
                yield self._product(text, first, last, run, candidates)
            start = max(end, start + 1)

    def find_categories(self, text: str) -> Iterator[Found]:
        yield from _find_phrases("category", text, self._category_words, fuzzy=True)

    def find_options(self, text: str) -> Iterator[Found]:
        yield from _find_phrases("option", text, self._option_words, fuzzy=False)

    def _known_word(self, word: str) -> str | None:
        """The catalogue's word that this one is, for all that it is misspelled."""
        if word in self._product_words:
            return word
        if len(word) < _FEWEST_LETTERS:
            return None
        best = process.extractOne(word, self._fuzzy_words, scorer=fuzz.ratio, score_cutoff=_WORD_LIKENESS)
        # The first letter is seldom the wrong one; without it "order" would be a "border".
        return best[0] if best and best[0][0] == word[0] else None

    def _longest_run(self, known: list[tuple[Word, str | None]], start: int) -> tuple[int, frozenset[int]]:
        """The end of the longest run of words from `start` that some product has all of, and those products."""
        candidates: frozenset[int] = frozenset()
        end = start
        while end < len(known) and end - start < _LONGEST_NAME:
            catalogue = known[end][1]
            if catalogue is None:
                break
            having = self._product_words[catalogue]
            narrowed = having if end == start else candidates & having
            if not narrowed:
                break
            candidates, end = narrowed, end + 1
        return end, candidates

    def _speaks_of_product(self, run: list[str]) -> bool:
        return any(word in self._nouns for word in run)

    def _product(self, text: str, start: int, end: int, run: list[str], candidates: frozenset[int]) -> Found:
        if len(candidates) > 1:
            # "desk lamp" of "desk lamp" and "desk lamp with clamp": the one that is nothing else.
            exact = [n for n in candidates if {word.text for word in words(self.products[n])} == set(run)]
            candidates = frozenset(exact) if len(exact) == 1 else candidates
        if len(candidates) == 1:
            name = self.products[next(iter(candidates))]
            return Found("product", start, end, name, 1.0 if len(run) > 1 else 0.8)
        return Found("product", start, end, text[start:end], 0.6)


def read_gazetteer(path: Path) -> Gazetteer:
    """Raises OSError or ValueError for a file that cannot be read or does not look as above."""
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError("it is not an object")
    try:
        return Gazetteer(
            products=_unique(_name(row) for row in content.get("products", ())),
            categories=_unique(map(str, content.get("categories", ()))),
            options=_unique(_option_values(content.get("options", {}))),
            order_prefixes=tuple(str(prefix) for prefix in content.get("order_prefixes", ()) if prefix),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"a part of it is not as expected: {error!r}") from error


class GazetteerFile:
    """The gazetteer of a file, read again when the file changes; an unreadable one is logged once and left aside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._gazetteer = Gazetteer()

    def current(self) -> Gazetteer:
        try:
            status = self.path.stat()
        except OSError:
            self._stamp, self._gazetteer = None, Gazetteer()
            return self._gazetteer
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._gazetteer = read_gazetteer(self.path)
            except (OSError, ValueError) as error:
                logger.warning(
                    "%s cannot be used (%s); the words known before stay. Seed or import the shop again.",
                    self.path,
                    error,
                )
        return self._gazetteer


def words(text: str) -> list[Word]:
    """The words of a text in the form they are compared in: lower case, one spelling, singular."""
    return [Word(_base_form(match.group()), *match.span()) for match in _WORD.finditer(text)]


def _base_form(word: str) -> str:
    word = word.lower().replace("\u2019", "'").removesuffix("'s")
    word = _SPELLINGS.get(word, word)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if word.endswith(("ches", "shes", "sses", "xes")):
            return word[:-2]
        if word.endswith("knives"):
            return "knife"
        return word[:-1]
    return word


def _find_phrases(entity: str, text: str, phrases: dict[tuple[str, ...], str], fuzzy: bool) -> Iterator[Found]:
    """The longest phrases first, at each place."""
    said = words(text)
    longest = max((len(phrase) for phrase in phrases), default=0)
    joined = [" ".join(phrase) for phrase in phrases] if fuzzy else []
    start = 0
    while start < len(said):
        for length in range(min(longest, len(said) - start), 0, -1):
            run = said[start : start + length]
            value = phrases.get(tuple(word.text for word in run))
            if value is None and fuzzy and length > 1:
                value = _like(" ".join(word.text for word in run), joined, list(phrases.values()))
            if value is not None:
                yield Found(entity, run[0].start, run[-1].end, value)
                start += length - 1
                break
        start += 1


def _like(said: str, joined: list[str], values: list[str]) -> str | None:
    best = process.extractOne(said, joined, scorer=fuzz.ratio, score_cutoff=_PHRASE_LIKENESS)
    return values[best[2]] if best else None


def _name(row: str | dict[str, Any]) -> str:
    return row if isinstance(row, str) else str(row["name"])


def _option_values(options: dict[str, list[Any]] | list[Any]) -> Iterator[str]:
    groups = options.values() if isinstance(options, dict) else [options]
    return (str(value) for values in groups for value in values)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

"""Which sentences of a passage are shown: those nearest to the question, as they stand in its lists and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.blocks import ROW_NAME_END
from knowledge.chunk import Listed
from knowledge.countries import country_called, named_countries
from knowledge.documents import Passage
from knowledge.hits import Hit
from knowledge.lexical import tokens
from knowledge.select import best_sentences

MOST_SENTENCES = 5
# Sentences of numbered steps, which are of no use without the last one; a passage seldom holds more.
_MOST_OF_STEPS = 10
_MOST_ROWS = 4

Outline = Mapping[str, Listed]
"""Of a document, see `knowledge.chunk.outline`."""


def nearest_places(question: str, hit: Hit, passage: Passage) -> tuple[int, ...]:
    """What the search found nearest, or, where it went by no meaning, what shares most words."""
    ids = tuple(place for place in hit.sentences if 0 <= place < len(passage.sentences))
    if ids:
        return ids
    words = set(tokens(question))
    shared = [len(words.intersection(tokens(sentence))) for sentence in passage.sentences]
    return best_sentences(np.array(shared, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an answer is for, and which tiers there are; `tier` and `country` None where they are not known."""

    tier: str | None
    country: str | None
    tiers: frozenset[str]

    def columns(self, question: str) -> Callable[[Sequence[str]], frozenset[int]]:
        """What tells, of the names of a table's columns, the places of those that are not for this person.

        None is where not every column is that of a tier, or of a country, or where it is not known whose it is.
        """
        tiers = self.tiers.intersection(tokens(question)).union([self.tier.lower()] if self.tier else [])
        countries = named_countries(question).union([self.country.upper()] if self.country else [])

        def foreign(names: Sequence[str]) -> frozenset[int]:
            by_tier = [name.lower() if name.lower() in self.tiers else None for name in names]
            for of_columns, own in ((by_tier, tiers), ([country_called(name) for name in names], countries)):
                if None not in of_columns and own.intersection(filter(None, of_columns)):
                    return frozenset(place for place, of in enumerate(of_columns) if of not in own)
            return frozenset()

        return foreign


def rows_for(passage: Passage, places: tuple[int, ...], question: str, person: Person) -> tuple[int, ...]:
    """Of a table of tiers or countries the person's own row alone, also where the nearest sentences are other rows.

    While it is not known which that is, and none is asked about: every row, as one of them would be read as holding
    for all.
    """
    names = [sentence.partition(ROW_NAME_END)[0].lower() for sentence in passage.sentences]
    by_tier = [name if name in person.tiers else None for name in names]
    tier = person.tier.lower() if person.tier else None
    places = _own_rows(by_tier, places, tier, person.tiers.intersection(tokens(question)))
    by_country = [country_called(name) for name in names]
    country = person.country.upper() if person.country else None
    return _own_rows(by_country, places, country, named_countries(question))


def _own_rows(
    of_rows: Sequence[str | None], places: tuple[int, ...], own: str | None, named: frozenset[str]
) -> tuple[int, ...]:
    """`of_rows` is whom each sentence is for where it is a row of such a table."""
    listed = {place for place, of in enumerate(of_rows) if of is not None}
    if not listed.intersection(places):
        return places
    if own is None and not named.intersection(filter(None, of_rows)):
        return tuple(sorted(listed.union(places)))
    foreign = {place for place in places if of_rows[place] not in (None, own, *named)}
    if not foreign:
        return places
    mine = {
        place for place, of in enumerate(of_rows) if of is not None and (of == own or (own is None and of in named))
    }
    return tuple(sorted(mine.union(places) - foreign)) or places


def named_rows(
    passage: Passage, places: tuple[int, ...], question: str, person: Person, outline: Outline
) -> tuple[int, ...]:
    """Of a table of which the question names a row, that row, with those that say more of it: of "Standard" also
    "Standard, free from". Not of one of tiers or countries, in which one's own row stands too.
    """
    asked = frozenset(tokens(question))
    for group in {_group(passage, place, outline) for place in places}:
        names = {place: name for place, (of, name) in _row_names(passage, outline).items() if of == group}
        if any(name.lower() in person.tiers or country_called(name) for name in names.values()):
            continue
        rows = {place: frozenset(tokens(name)) for place, name in names.items()}
        named = [words for words in rows.values() if words and words <= asked]
        if named:
            kept = {place for place, words in rows.items() if any(each <= words for each in named)}
            places = tuple(sorted(kept.union(places) - (rows.keys() - kept)))
    return places


def names_row(passage: Passage, question: str, outline: Outline) -> bool:
    """Whether the question names a row of a table in this passage."""
    asked = frozenset(tokens(question))
    names = (frozenset(tokens(name)) for _, name in _row_names(passage, outline).values())
    return any(words and words <= asked for words in names)


def tables_in(passage: Passage, outline: Outline) -> frozenset[int]:
    return frozenset(group for group, _ in _row_names(passage, outline).values())


def mostly_rows(passage: Passage, places: Sequence[int], outline: Outline) -> bool:
    rows = _row_names(passage, outline)
    return 2 * sum(place in rows for place in places) > len(places)


def _row_names(passage: Passage, outline: Outline) -> dict[int, tuple[int, str]]:
    """By place, the table and the name of each row."""
    listed = ((place, outline.get(sentence)) for place, sentence in enumerate(passage.sentences))
    return {
        place: (each.group, each.row.cells[0]) for place, each in listed if each is not None and each.row is not None
    }


def whole_lists(passage: Passage, places: Sequence[int], outline: Outline) -> tuple[int, ...]:
    """`places` without a list or a small table cut in two: all of it, or nothing where most of them stand beside it.

    What is too long stays cut, as do all tables but small ones: each of their rows says all of itself.
    """
    kept = tuple(places)
    groups = Counter(listed.group for place in places if (listed := outline.get(passage.sentences[place])) is not None)
    for group, count in groups.most_common():
        own = tuple(place for place in kept if _group(passage, place, outline) == group)
        whole = _run(passage, own[0], outline)
        listed = outline[passage.sentences[own[0]]]
        if len(whole) > (_MOST_ROWS if listed.is_row else _MOST_OF_STEPS if listed.is_step else MOST_SENTENCES):
            continue
        if listed.is_row:
            beside = tuple(sorted({*whole, *kept}))
            return beside if len(beside) <= MOST_SENTENCES else whole
        if 2 * count >= len(kept) or len(groups) > 1:
            return whole
        if listed.is_step:
            kept = tuple(place for place in kept if place not in own)
    return kept


def with_introduction(passage: Passage, places: tuple[int, ...], outline: Outline) -> tuple[int, ...]:
    """With the line before the list from whose middle the sentences are: an item alone says half of it.

    A line that introduces what is not shown is left out.
    """
    while len(places) > 1 and _introduces(passage, places[-1]):
        places = places[:-1]
    lines = {sentence: place for place, sentence in enumerate(passage.sentences) if sentence.endswith(":")}
    listed = outline.get(passage.sentences[places[0]]) if places else None
    place = lines.get(listed.line) if listed and listed.line else None
    return (place, *places) if place is not None and place < places[0] else places


def has_steps(passage: Passage, outline: Outline) -> bool:
    return any((listed := outline.get(sentence)) is not None and listed.is_step for sentence in passage.sentences)


def _introduces(passage: Passage, place: int) -> bool:
    return passage.sentences[place].endswith(":")


def _group(passage: Passage, place: int, outline: Outline) -> int:
    listed = outline.get(passage.sentences[place])
    return 0 if listed is None else listed.group


def _run(passage: Passage, place: int, outline: Outline) -> tuple[int, ...]:
    """The places around this one that belong to its list."""
    group = _group(passage, place, outline)
    first = last = place
    while first > 0 and _group(passage, first - 1, outline) == group:
        first -= 1
    while last + 1 < len(passage.sentences) and _group(passage, last + 1, outline) == group:
        last += 1
    return tuple(range(first, last + 1))

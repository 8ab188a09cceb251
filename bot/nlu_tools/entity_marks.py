"""Marked entities that contradict each other, or say nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bot.nlu_tools.examples import Example, same_key
from bot.nlu_tools.findings import Finding, Kind

# Fewer marks than this make no habit that another example could break.
_FEWEST = 3
# The share of a text's occurrences that must be marked alike before the others are called forgotten.
_HABIT = 0.6
_LONGEST = 5  # words of a marked text that is looked for elsewhere
_SHORTEST = 3  # letters
# What is left of a mark that Rasa does not read as one.
_BROKEN = re.compile(r"\[[^\]]*\]\s*[({]|\]\(\w+\)|\[\s*\]")


def broken_marks(examples: Sequence[Example]) -> list[Finding]:
    """Marks that are trained on as text, because they are mistyped, and marks without a value."""
    found = []
    for each in examples:
        if _BROKEN.search(each.text):
            found.append(Finding(Kind.ENTITY, "a mistyped mark is read as text", True, (each,), 2.0))
        if any(not mark.text.strip() or not mark.value.strip() for mark in each.marks):
            found.append(Finding(Kind.ENTITY, "a marked entity has no value", True, (each,), 2.0))
    return found


def contradicting_marks(examples: Sequence[Example]) -> list[Finding]:
    """Texts that are marked here and not there, or as two entities."""
    marked: dict[str, dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        for mark in example.marks:
            if _tells_something(text := same_key(mark.text)):
                marked[text][mark.entity].append(example)
    bare = _bare(examples, marked)
    return [
        finding
        for text, by_entity in sorted(marked.items())
        for finding in (*_forgotten(text, by_entity, bare.get(text, [])), *_two_kinds(text, by_entity))
    ]


def _forgotten(text: str, by_entity: dict[str, list[Example]], bare: list[Example]) -> Iterator[Finding]:
    entity, marked = max(by_entity.items(), key=lambda item: (len(item[1]), item[0]))
    if bare and len(marked) >= _FEWEST and len(marked) >= _HABIT * (len(marked) + len(bare)):
        message = f"'{text}' is marked as {entity} {len(marked)} times, and not here{_and_elsewhere(bare)}"
        facts = {"words": text, "entity": entity, "marked": len(marked), "unmarked": len(bare)}
        yield Finding(Kind.ENTITY, message, False, tuple(bare), 1 - len(bare) / len(marked), facts)


def _two_kinds(text: str, by_entity: dict[str, list[Example]]) -> Iterator[Finding]:
    if len(by_entity) > 1:
        counts = Counter({entity: len(marked) for entity, marked in by_entity.items()})
        (usual, most), *others = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        for entity, count in others:
            message = f"'{text}' is marked as {entity} here, and as {usual} {most} times"
            facts = {"words": text, "entity": entity, "usual": usual, "marked": count, "marked_usual": most}
            yield Finding(Kind.ENTITY, message, False, tuple(by_entity[entity]), -count / most, facts)


def _bare(examples: Sequence[Example], marked: dict[str, dict[str, list[Example]]]) -> dict[str, list[Example]]:
    """The examples in which a text that is marked elsewhere stands outside of any mark."""
    found: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        texts = {
            " ".join(words[start : start + length])
            for words in _outside(example)
            for start in range(len(words))
            for length in range(1, _LONGEST + 1)
        }
        for text in texts & marked.keys():
            found[text].append(example)
    return found


def _outside(example: Example) -> Iterator[list[str]]:
    """The words of each stretch of the text that no mark covers."""
    end = 0
    for mark in sorted(example.marks, key=lambda each: each.start):
        yield same_key(example.text[end : mark.start]).split()
        end = max(end, mark.start + len(mark.text))
    yield same_key(example.text[end:]).split()


def _tells_something(text: str) -> bool:
    return len(text) >= _SHORTEST and any(letter.isalpha() for letter in text)


def _and_elsewhere(examples: Sequence[Example]) -> str:
    return f" and in {len(examples) - 1} more" if len(examples) > 1 else ""

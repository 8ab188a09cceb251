"""What a reply may say: the sentences of the passages found, without those that try to give orders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from knowledge.blocks import ROW_NAME_END
from knowledge.care.facts import Bound, Fact, read_facts
from knowledge.documents import Passage
from knowledge.lexical import tokens

# Sentences that speak to a program instead of a customer.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,60}\b(?:instruct\w*|above|previous|prior|prompt|rules?|polic\w+)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b|\blanguage model\b|\bas an ai\b|\bai assistant\b"
    r"|\byou are now\b|\bnew instructions?\b|\b(?:reply|respond|answer) (?:only )?with\b"
    r"|\b(?:tell|inform|instruct) (?:the|every|all|any) (?:customer|user|visitor)s?\b|</?(?:system|user|assistant)>",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|unable|without)\b|n['\u2019]t\b", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SPELT = {
    name: str(number)
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_CAPITAL = re.compile(r"(?<![\w'\u2019-])[A-Z][\w'\u2019-]*")
_ORDER_OF_TIME = frozenset(("before", "after"))
_ENDING = re.compile(r"(?:ing|ed|e)$")
# Where what is denied may change, in a reply as in an article.
TURNS = re.compile(r"\s*;\s*|,?\s+(?:but|while|whereas|although|though|however|except|unless)\s+", re.IGNORECASE)
# Words that say nothing of the subject; "free" and the like stay.
_GENERAL_WORDS = (
    "let take get also every each need must may can please usually normally always again first then once simply just "
    "there here thing item way make sure"
)
_GENERAL = frozenset([*_GENERAL_WORDS.split(), *_SPELT])


@dataclass(frozen=True)
class Said:
    """A sentence, or a part of one, as it is compared."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that count, without numbers and endings."""
        found = (word for word in tokens(self.text) if not word[0].isdigit() and word not in _GENERAL)
        return frozenset(_stem(word) for word in found if not _NOT.fullmatch(word))

    @cached_property
    def row(self) -> frozenset[str]:
        """What a row of a table is about, if it is one: its amounts hold for nothing else."""
        name, mark, _ = self.text.partition(ROW_NAME_END)
        return Said(name).words if mark else frozenset()

    @cached_property
    def numbers(self) -> frozenset[str]:
        """As digits; one and two may stand in letters."""
        spelt = (_SPELT[word] for word in re.findall(r"[a-z]+", self.text.lower()) if word in _SPELT and word != "one")
        return frozenset((*(found.replace(",", "") for found in _NUMBER.findall(self.text)), *spelt))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(read_facts(self.text))

    @cached_property
    def is_negated(self) -> bool:
        return _NOT.search(self.text) is not None

    @cached_property
    def order(self) -> frozenset[str]:
        return _ORDER_OF_TIME.intersection(re.findall(r"[a-z]+", self.text.lower()))

    def names(self, small: frozenset[str]) -> frozenset[str]:
        """Words written large, in small letters; the first only if it is no common word and not one of `small`."""
        first = _CAPITAL.match(self.text)
        found = {name.lower() for name in _CAPITAL.findall(self.text[first.end() if first else 0 :])}
        if first and not _NOT.search(first[0]) and not small.intersection(map(_stem, tokens(first[0]))):
            found.update(word for word in tokens(first[0]) if word not in _GENERAL)
        return frozenset(found)


@dataclass(frozen=True)
class Evidence:
    """A passage, and of its sentences those that may be said to this person."""

    passage: Passage
    sentences: tuple[Said, ...]

    @classmethod
    def of(cls, passage: Passage, sentences: tuple[str, ...]) -> Evidence:
        return cls(passage, tuple(Said(sentence) for sentence in sentences if not gives_orders(sentence)))

    @cached_property
    def context(self) -> Said:
        """Title and headings: what each sentence is about without saying so."""
        parts = (self.passage.title, *self.passage.headings)
        return Said(". ".join(part for part in parts if not gives_orders(part)))

    @cached_property
    def windows(self) -> tuple[tuple[Said, ...], ...]:
        """Clauses of the sentences, and of those that follow each other."""
        parts = [tuple(Said(part) for part in TURNS.split(each.text) if part.strip()) for each in self.sentences]
        return (*parts, *((*one, *other) for one, other in pairwise(parts)))

    @cached_property
    def small(self) -> frozenset[str]:
        """Words that stand there in small letters somewhere, without endings."""
        text = " ".join((self.context.text, *(each.text for each in self.sentences)))
        return frozenset(_stem(word) for found in re.findall(r"\b[a-z][\w-]*", text) for word in tokens(found))


def _stem(word: str) -> str:
    return _ENDING.sub("", word) if len(word) > 4 else word


def gives_orders(sentence: str) -> bool:
    """Whether a sentence is written for the program that reads it."""
    return _ORDERS.search(sentence) is not None


def agree(one: Fact, other: Fact) -> bool:
    """The same amount, and no limit that is turned round; "30 days" and "up to 30 days" agree."""
    same = (one.unit, one.low, one.high) == (other.unit, other.low, other.high)
    return same and (one.bound is other.bound or Bound.LOWER not in (one.bound, other.bound))

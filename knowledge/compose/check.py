"""Which sentences of a reply the passages say; the others are dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.compose.evidence import TURNS, Evidence, Said, agree, gives_orders
from knowledge.sentences import split_sentences

# Share of a clause's words that must stand in the evidence. Chosen on every other sentence of
# tests/behaviour/reply_sentences.yml, where 0.6 lets one through that no passage says and 0.9 loses one that it does.
LEAST_SUPPORT = 0.7
# And so many words at most may not: in a long sentence, three can say something else.
_MOST_FOREIGN = 2
_LONGEST = 4000
_MARKS = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]|\*\*|__|`+|^\s*(?:[-*\u2022#>]+|\d+[.)])\s+", re.MULTILINE)
_CONTROL = re.compile(r"[^\S\n]|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_YES = re.compile(r"^(?:yes|no|sure|certainly|of course|absolutely)[,!.:]\s+", re.IGNORECASE)
# Where one amount is followed by the next.
_PARTS = re.compile(r",\s+(?!\d{3}\b)|\s+(?:and|or)\s+|\s[\u2013\u2014]\s|:\s")
_LINK = re.compile(
    r"https?:|www\.|\w@\w|\]\(|[<>]|\b[\w-]+\.(?:com|net|org|io|info|example|shop|app|ru|cn|xyz)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A sentence that the passage says."""

    sentence: str
    passage_id: str


def supported_sentences(reply: str, evidence: Sequence[Evidence]) -> list[Kept]:
    """The sentences of `reply` that a passage supports, in their order, as plain text."""
    kept = []
    for sentence in split_sentences(_plain(reply)):
        sentence = _without_yes(sentence)
        source = next((each for each in evidence if is_supported(sentence, each)), None)
        if source is not None:
            kept.append(Kept(sentence, source.passage.passage_id))
    return list(dict.fromkeys(kept))


def is_supported(sentence: str, evidence: Evidence, least: float = LEAST_SUPPORT) -> bool:
    """Whether one passage says all of a sentence.

    Of each clause, a sentence of the passage (or two that follow each other) must hold enough of the words, every
    number and every name, deny where it denies, and say before or after where it does; an amount must stand in one
    sentence together with the names it is said of.
    """
    if gives_orders(sentence) or (_LINK.search(sentence) and not _links_stand(sentence, evidence)):
        return False
    clauses = [Said(part) for part in TURNS.split(sentence) if part.strip()]
    return bool(clauses) and all(
        any(_says(window, clause, evidence, least) for window in evidence.windows) for clause in clauses
    )


def _says(window: tuple[Said, ...], clause: Said, evidence: Evidence, least: float) -> bool:
    said = [each for each in window if each.is_negated == clause.is_negated]
    own = frozenset[str]().union(*(each.words for each in said))
    if not clause.words & own or not _holds(own | evidence.context.words, clause.words, least):
        return False
    if not clause.order <= frozenset[str]().union(*(each.order for each in said)):
        return False
    if not clause.names(evidence.small) <= _all_words(said, evidence.context):
        return False
    return all(_amounts_stand(Said(part), clause, said, evidence, least) for part in _PARTS.split(clause.text))


def _holds(words: frozenset[str], wanted: frozenset[str], least: float) -> bool:
    return len(wanted - words) <= min(_MOST_FOREIGN, (1 - least) * len(wanted) + 1e-9)


def _amounts_stand(part: Said, clause: Said, said: Sequence[Said], evidence: Evidence, least: float) -> bool:
    """Every number of this part in one sentence, with its unit, what it is said of, and the row of its table."""
    if not part.numbers:
        return True
    names, context = part.names(evidence.small), evidence.context
    return any(
        part.numbers <= each.numbers | context.numbers
        and _holds(each.words | context.words, part.words, least)
        and each.row <= clause.words | context.words
        and names <= _all_words((each,), context)
        and all(any(agree(fact, other) for other in each.facts) for fact in part.facts)
        for each in said
    )


def _all_words(window: Sequence[Said], context: Said) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", " ".join(each.text for each in (context, *window)).lower()))


def _links_stand(sentence: str, evidence: Evidence) -> bool:
    """Whether each word that looks like an address stands so in the passage."""
    text = " ".join(each.text for each in evidence.sentences)
    return all(word.strip(".,;:!?()") in text for word in sentence.split() if _LINK.search(word))


def _without_yes(sentence: str) -> str:
    """ "Yes, you can" without its yes: that is said of the question, and not of the article."""
    inner = _YES.sub("", sentence)
    return inner[:1].upper() + inner[1:] if inner != sentence else sentence


def _plain(reply: str) -> str:
    """One line of text for each line of the reply, without marks of Markdown, of sources, and unseen characters."""
    text = _MARKS.sub("", _CONTROL.sub(" ", reply[:_LONGEST]))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return " ".join(line if line.endswith((".", "!", "?", ":", ";", ",")) else f"{line}." for line in lines if line)

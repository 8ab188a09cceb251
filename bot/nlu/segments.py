"""Where a message may fall into parts: at ends of sentences and lines, and at words that add something.

Only the letters are looked at. Whether the parts are requests of their own is for the intents to say
(`bot.nlu.matters`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum


class Link(IntEnum):
    """What stands between a part and the one before it, weakest first."""

    NONE = 0  # the first part
    CLAUSE = 1  # "and" or a comma, before the beginning of a clause
    SENTENCE = 2  # the end of a sentence or a line
    ADDED = 3  # words that say that something else comes: "also", "one more thing"


@dataclass(frozen=True)
class Segment:
    """One part: `text[start:end]`, without the words that join it to the part before."""

    start: int
    end: int
    link: Link


# Fewer words are no two requests.
FEWEST_WORDS = 5
# A long story is not cut: its sentences belong together more often than not, and each costs an encoder pass.
MOST_SEGMENTS = 6
MOST_LETTERS = 1_000

_SUBJECT = r"(?:i|you|it|there|my|the|this|that|these|those|they|we|he|she|your|any|anyone|someone)"
_QUESTION = (
    r"(?:how|where|when|what|what's|where's|how's|when's|which|who|why)\b"
    rf"|(?:can|could|do|does|did|is|are|was|will|would|has|have|may|should)(?:n't)?\s+{_SUBJECT}\b"
)
_ASKING = (
    r"(?:i|we)(?:'d|\s+would|'ll|\s+will)?\s+(?:also\s+|still\s+)?(?:want|need|like|love|prefer|wish|have\s+to)\b"
    r"|(?:i\s+am|i'm)\s+(?:also\s+)?(?:looking|trying|wondering|curious)\b|i\s+was\s+(?:also\s+)?wondering\b"
    r"|i\s+(?:also\s+)?(?:have|got)\s+(?:a|another|one\s+more)\s+question\b|let\s+me\b"
    r"|(?:please|pls|plz|kindly)\b|(?:change|cancel|update|send|tell|show|give|return|exchange|swap|check|unsubscribe|"
    r"subscribe|sign|recommend|suggest|connect|put|track|stop|delete|add|switch|remove)\s+\w"
)
_CLAUSE = rf"(?:{_QUESTION}|{_ASKING})"
_MORE = (
    r"(?:also|additionally|furthermore|besides|moreover|plus|btw|by\s+the\s+way|in\s+addition|on\s+top\s+of\s+that|"
    r"apart\s+from\s+that|while\s+(?:i\s+am|i'?m|we\s+are|we'?re|you\s+are|you'?re)\s+at\s+it|secondly|lastly|finally|"
    r"(?:one|two|another|a|my|the|some)\s+(?:(?:more|last|other|further|different|next|second|third|final)\s+)?"
    r"(?:thing|things|question|questions|request|point|topic)|something\s+else|p\.?s\.?)"
)
_BOUNDARY = re.compile(
    r"\s*[\r\n]+\s*"  # a line of its own
    r"|(?<=[.!?…;])\s+"  # the end of a sentence
    r"|(?<=[.!?…;])(?=[A-Za-z]{3})"  # and the blank forgotten
    rf"|\s*,?\s+(?:and|but|then|plus|or|&)\s+(?=(?:then\s+)?(?:{_MORE}\b|{_CLAUSE}))"
    rf"|\s*[,\u2013\u2014-]\s+(?=(?:{_MORE}\b|{_CLAUSE}))"
    # "also" between two clauses, and not inside one: "can you also tell me"
    r"|(?<!\bi)(?<!\bwe)(?<!\byou)(?<!\bcan)(?<!\bcould)(?<!\bwould)(?<!\band)(?<!\bbut)(?<!\bplease)"
    rf"\s+(?=(?:also|plus|btw|by\s+the\s+way)\s*,?\s+{_CLAUSE})",
    re.IGNORECASE,
)
# What opens a part and says nothing by itself.
_OPENING = re.compile(
    rf"(?:(?P<more>{_MORE}\b)|(?:and|but|then|or|so|well|ok|okay|oh|ah|now|first(?:ly)?|next)\b)[\s,:;.!\u2013\u2014-]*",
    re.IGNORECASE,
)
_ALSO_INSIDE = re.compile(
    r"^(?:i|we|can|could|do|does|is|are|please|would|will)\s+(?:\S+\s+)?also\b|\b(?:as\s+well|too)\s*[.!?]*$",
    re.IGNORECASE,
)
_LOOSE_ENDS = " ,;-\u2013\u2014"
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")


def segments(text: str) -> list[Segment]:
    """The parts of `text` in order, two or more; none where it is too short, too long, or whole."""
    if len(text) > MOST_LETTERS or len(_WORD.findall(text)) < FEWEST_WORDS:
        return []
    found: list[Segment] = []
    start, link = 0, Link.NONE
    for boundary in [*_BOUNDARY.finditer(text), None]:
        segment = _segment(text, start, boundary.start() if boundary else len(text), link)
        is_said = _WORD.search(text, segment.start, segment.end) is not None
        if is_said:
            found.append(segment)
        if boundary:
            start = boundary.end()
            between = Link.CLAUSE if boundary.group().strip() else Link.SENTENCE
            # "Also," between two boundaries is no part; it says how the next one is linked.
            link = between if is_said else max(segment.link, between)
    return found if 2 <= len(found) <= MOST_SEGMENTS else []


def _segment(text: str, start: int, end: int, link: Link) -> Segment:
    """The part between two boundaries; what opens it is told by its link and left out."""
    while opening := _OPENING.match(text, start, end):
        link = Link.ADDED if opening["more"] else link
        start = opening.end()
    end = start + len(text[start:end].rstrip(_LOOSE_ENDS))
    return Segment(start, end, Link.ADDED if _ALSO_INSIDE.search(text[start:end]) else link)


def word_count(text: str) -> int:
    return len(_WORD.findall(text))

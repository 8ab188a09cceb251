"""Text into sentences."""

from __future__ import annotations

import re

# A stop after these, or after one letter as in an initial, does not end a sentence.
_SHORT = (
    "approx art ca cf co dept dr e.g eg etc excl fig i.e ie incl inc ltd max min mr mrs ms no nr p.o "
    "prof resp st tel vs z.b"
)
_ABBREVIATIONS = frozenset(_SHORT.split())
_BOUNDARY = re.compile(r"([.!?]+[\"'\u201d\u2019)\]]*)\s+(?=[\"'\u201c\u2018(\[]?[A-Z0-9\u00c0-\u00de])|([。!?]+)")
_LAST_WORD = re.compile(r"([\w.]+)$")


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of `text` in order, white space normalised; ("Takes 2.5 h. Done.") gives two."""
    text = " ".join(text.split())
    sentences: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match.group(1) and _is_abbreviation(text[start : match.start()], match.group(1)):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    sentences.append(text[start:].strip())
    return tuple(sentence for sentence in sentences if sentence)


def _is_abbreviation(before: str, mark: str) -> bool:
    if not mark.startswith("."):
        return False
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    token = word.group(1).lower()
    if token.isdigit() and token == before.strip():  # the number of a list item
        return True
    return token in _ABBREVIATIONS or (len(token) == 1 and token.isalpha() and token != "i")

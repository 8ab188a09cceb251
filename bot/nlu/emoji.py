"""Emoji in words: the encoder's vocabulary has none, so that thumbs up and thumbs down would read the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# More than this many say nothing new.
_MOST = 8
# Beside so many words an emoji is a decoration, and its name would be read as what is wanted:
# folded hands are "person with folded hands".
_ENOUGH_WORDS = 2
_WORD = re.compile(r"[^\W\d_]+")


def spell_emoji(text: str, always: bool = False) -> str:
    """`text` with each emoji as its Unicode name: "ok 👍" is "ok thumbs up sign"; without them where words say it.

    `always` spells them there too: words say what is wanted, faces how it is meant.
    """
    return spell_with_places(text, always)[0]


def spell_with_places(text: str, always: bool = False) -> tuple[str, Sequence[int]]:
    """The same, and for each of its letters the place in `text` that it stands for."""
    if text.isascii():
        return text, range(len(text))
    most = 0 if not always and len(_WORD.findall(text)) >= _ENOUGH_WORDS else _MOST
    spelled: list[str] = []
    places: list[int] = []
    count = 0
    for place, letter in enumerate(text):
        category = unicodedata.category(letter)
        written = letter
        if category in ("So", "Sk"):
            count += category == "So"  # the other sort is a skin colour
            written = f" {unicodedata.name(letter, '').lower()} " if category == "So" and count <= most else " "
        for each in written:
            # One blank at a time, and none at the start.
            if not each.isspace():
                spelled.append(each)
                places.append(place)
            elif spelled and spelled[-1] != " ":
                spelled.append(" ")
                places.append(place)
    if spelled and spelled[-1] == " ":
        del spelled[-1], places[-1]
    return "".join(spelled), places

"""Emoji in words: the encoder's vocabulary has none, so that thumbs up and thumbs down would read the same."""

from __future__ import annotations

import re
import unicodedata

# More than this many say nothing new.
_MOST = 8
# Beside so many words an emoji is a decoration, and its name would be read as what is wanted:
# folded hands are "person with folded hands".
_ENOUGH_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")


def spell_emoji(text: str, always: bool = False) -> str:
    """`text` with each emoji as its Unicode name: "ok 👍" is "ok thumbs up sign"; without them where words say it.

    `always` spells them there too: words say what is wanted, faces how it is meant.
    """
    if text.isascii():
        return text
    most = 0 if not always and len(_WORD.findall(text)) >= _ENOUGH_WORDS else _MOST
    spelled: list[str] = []
    count = 0
    for letter in text:
        category = unicodedata.category(letter)
        if category not in ("So", "Sk"):
            spelled.append(letter)
            continue
        count += category == "So"  # the other sort is a skin colour
        spelled.append(f" {unicodedata.name(letter, '').lower()} " if category == "So" and count <= most else " ")
    return " ".join("".join(spelled).split())

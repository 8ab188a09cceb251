"""Emoji in words: the encoder's vocabulary has none, so that thumbs up and thumbs down would read the same."""

from __future__ import annotations

import unicodedata

# More than this many say nothing new.
_MOST = 8


def spell_emoji(text: str) -> str:
    """`text` with each emoji as its Unicode name: "ok 👍" is "ok thumbs up sign"."""
    if text.isascii():
        return text
    spelled: list[str] = []
    count = 0
    for letter in text:
        if unicodedata.category(letter) != "So":
            spelled.append(letter)
            continue
        count += 1
        if count <= _MOST:
            spelled.append(f" {unicodedata.name(letter, '').lower()} ")
    return " ".join("".join(spelled).split())

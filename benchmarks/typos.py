"""Typing mistakes put into test messages, by a rule that is written down, seeded, and never used in training.

One edit of a word or letter is one of four, with equal chance: two neighbouring letters change places, a letter is
dropped, a letter is typed twice, or a neighbouring key is hit (QWERTY; the case stays).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkum", "k": "jli",
    "l": "kop", "z": "asx", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nj",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{2,}")


def misspelled_words(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """Each word of two letters or more gets one edit with probability `share`. Each text is drawn by itself."""
    return [_edit_words(text, share, random.Random(f"{seed} {text}")) for text in texts]


def misspelled_letters(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """Each letter gets an edit with probability `share`: at 0.1 about every second word is hit."""
    return [_edit_letters(text, share, random.Random(f"{seed} {text}")) for text in texts]


def edit(letters: str, place: int, rng: random.Random) -> str:
    """`letters` with one edit at `place`; a swap at the end is with the letter before. Never leaves it as it was
    unless the two letters that are swapped are equal.
    """
    kind = rng.choice(("swap", "drop", "double", "neighbour"))
    letter = letters[place]
    if kind == "neighbour":
        near = _NEIGHBOURS.get(letter.lower())
        if near is not None:
            other = rng.choice(near)
            return letters[:place] + (other.upper() if letter.isupper() else other) + letters[place + 1 :]
        # Letters of other alphabets have no neighbours here.
        kind = "double"
    if kind == "swap" and len(letters) > 1:
        first = min(place, len(letters) - 2)
        return letters[:first] + letters[first + 1] + letters[first] + letters[first + 2 :]
    if kind == "drop" and len(letters) > 1:
        return letters[:place] + letters[place + 1 :]
    return letters[:place] + letter + letters[place:]


def _edit_words(text: str, share: float, rng: random.Random) -> str:
    def change(match: re.Match[str]) -> str:
        word = match[0]
        return edit(word, rng.randrange(len(word)), rng) if rng.random() < share else word

    return _WORD.sub(change, text)


def _edit_letters(text: str, share: float, rng: random.Random) -> str:
    def change(match: re.Match[str]) -> str:
        word = match[0]
        # From the end, so that the places before it stay where they are.
        for place in reversed(range(len(match[0]))):
            if rng.random() < share:
                word = edit(word, min(place, len(word) - 1), rng)
        return word

    return _WORD.sub(change, text)

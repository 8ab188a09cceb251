"""Signs in a message that a customer's patience ends, whatever the polarity of the words."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    name: str
    weight: float
    """How likely this sign alone makes it that the person is frustrated."""
    pattern: re.Pattern[str]


def _sign(name: str, weight: float, pattern: str) -> Sign:
    return Sign(name, weight, re.compile(pattern, re.IGNORECASE))


_TIMES = r"(?:second|third|fourth|fifth|sixth|tenth|\d{1,2}(?:nd|rd|th)|hundredth|umpteenth|last)"

SIGNS = (
    _sign("said before", 0.5, r"\bI(?:'ve| have)? already (?:said|told|wrote|written|explained|sent|asked|gave|given)\b"
          r"|\b(?:as|like) I (?:already )?(?:said|wrote|told)\b"
          r"|\bI(?:'ve)? (?:just )?(?:said|told you) (?:that|so|this)\b"
          r"|\b(?:keep|kept) (?:asking|telling|repeating|writing|calling)\b"),
    _sign("not heard", 0.5, r"\b(?:you(?:'re| are) not|nobody|no one|you don't|do you (?:even|ever)|are you even) "
          r"(?:is |ever |even )?(?:listen\w*|read\w*|answer\w*|repl\w+|understand\w*|help\w*|respond\w*"
          r"|car(?:e|es|ing))\b"),
    _sign("again", 0.35, rf"\b(?:for|this is|it'?s) (?:now )?the {_TIMES} time\b"
          r"|\bhow (?:many times|often|much longer)\b"
          r"|\b(?:yet|once) again\b|\bover and over\b|\btime and (?:time )?again\b|\bagain and again\b"),
    _sign("still waiting", 0.35, r"\bstill (?:not|no|nothing|waiting|wrong|broken|haven'?t|hasn'?t|isn'?t|didn'?t)\b"
          r"|\b(?:waiting|waited) (?:for )?(?:over |more than )?(?:\w+ )?(?:days|weeks|months|ages|forever)\b"
          r"|\b(?:days|weeks|months|ages) (?:of waiting|without)\b|\bnothing (?:happens|happened|has happened)\b"),
    _sign("fed up", 0.6, r"\b(?:fed up|had enough|sick (?:of|and tired)|tired of|lost patience|losing (?:my )?patience|"
          r"enough is enough|last straw|(?:waste|wasting) (?:of )?(?:my )?time|run(?:ning)? out of patience)\b"),
    _sign("outrage", 0.5, r"\b(?:ridiculous|unacceptable|outrageous|disgraceful|pathetic|unbelievable|appalling|"
          r"scandalous|what a joke|a joke|shambles|scam\w*|rip-?off|worst|disgusting|useless)\b"),
    _sign("leaves", 0.5, r"\bnever (?:again|order|ordering|buy|buying|shop|shopping)\b|\b(?:last|final) order\b"
          r"|\b(?:taking|take) my (?:money|business|custom) elsewhere\b"
          r"|\b(?:lawyer|solicitor|consumer (?:protection|rights)"
          r"|chargeback|trustpilot|bad review|report you)\b"),
    _sign("profanity", 0.5, r"\b(?:fuck\w*|shit\w*|bullshit|damn|bloody|wtf|ffs|crap\w*|hell|arse\w*|ass(?:hole)?s?|"
          r"bastards?|idiots?|morons?|stupid|dumb)\b"),
    _sign("marks", 0.3, r"[!?]{3,}|(?:!\s*){3,}|\?!|!\?"),
    _sign("stretched", 0.2, r"\b\w*([a-z])\1{3,}\w*\b"),
    _sign("faces", 0.4, "[\U0001f620\U0001f621\U0001f92c\U0001f624\U0001f644]"),
)  # fmt: skip
_SHOUTING = 0.4
_NEGATIVE = 0.4
_WORD = re.compile(r"[^\W\d_]{3,}")
# Written in capitals by everyone.
_ABBREVIATIONS = frozenset({"LED", "USB", "EUR", "USD", "GBP", "DHL", "UPS", "DPD", "GLS", "VAT", "PDF", "FAQ", "ASAP"})


def signs_in(text: str) -> list[str]:
    """Names of the signs found, shouting among them."""
    names = [sign.name for sign in SIGNS if sign.pattern.search(text)]
    return names + (["shouting"] if _shouts(text) else [])


def frustration_of(text: str, polarity: float) -> float:
    """In [0, 1]: 1 - product of (1 - weight) over the signs, the first words' polarity (-1 to 1) being one of them."""
    calm = 1.0
    for sign in SIGNS:
        if sign.pattern.search(text):
            calm *= 1.0 - sign.weight
    if _shouts(text):
        calm *= 1.0 - _SHOUTING
    if polarity < 0:
        calm *= 1.0 + _NEGATIVE * polarity
    elif polarity > 0.5:
        # "never again will I wait so long, what a lovely shop": praise takes the edge off.
        calm = 1.0 - (1.0 - calm) * (1.0 - polarity / 2)
    return 1.0 - calm


def _shouts(text: str) -> bool:
    """Two words in capitals or more, and most of all words: order numbers and abbreviations do not count."""
    words = [word for word in _WORD.findall(text) if word not in _ABBREVIATIONS]
    loud = [word for word in words if word.isupper()]
    return len(loud) >= 2 and len(loud) >= 0.4 * len(words)

"""What a message says in so many words, where its intent is in doubt: yes, no, a person, the other one."""

from __future__ import annotations

import re

from actions.turn import Turn

DOUBTFUL = frozenset({"nlu_ambiguous", "nlu_unsure", "out_of_scope"})
# A longer message that names a person asks for more than one.
_FEW_WORDS = 6

_BEFORE = r"^\W*(?:(?:oh|hm+|well|ok(?:ay)?|ah|er+|sorry|please|wait)\W+)*"
_NO = re.compile(_BEFORE + r"(?:no|nope|nah)\b(?! (?:idea|problem|worries|rush|matter|doubt))", re.IGNORECASE)
_YES = re.compile(_BEFORE + r"(?:yes|yep|yeah|yup|sure|of course|please do|go ahead)\b", re.IGNORECASE)
_LEAVE = re.compile(r"\b(?:leave|keep|stay|as (?:it|they) (?:is|are|was|were)|don['\u2019]?t)\b", re.IGNORECASE)
_WISH = re.compile(r"\b(?:want|instead|rather|change|but|like)\b|\?", re.IGNORECASE)
_BUT = re.compile(r"\b(?:but|not|no|wait|except|instead|only|if|first)\b|n['\u2019]t\b|\?", re.IGNORECASE)
# At the end of what was said before it: "I want a refund - no, keep it".
_TAKES_BACK = re.compile(
    r"(?:^|[\W_])(?:no|nope|nah|wait|actually|hm+|on second thoughts?)\b\W+"
    r"(?:(?:no|wait|actually|please|just|i['\u2019]?ll|i will|let me|i['\u2019]?d rather)\b\W+)*"
    r"(?:keep (?:it|them|this|that)|leave (?:it|them|everything)(?: (?:as|like) \w+ \w+)?|never ?mind(?: that| it)?|"
    r"forget (?:it|that|about it)|i['\u2019]?(?:ll| will) keep (?:it|them))\W*$",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:person|human|agent|colleague|representative|operator|real (?:one|someone))\b", re.IGNORECASE
)
_BYE = re.compile(r"^\W*(?:ok(?:ay)?\W+)?(?:good\s?)?bye\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:the|my) other (?:one|order|parcel)\b", re.IGNORECASE)
_THERE = re.compile(r"\W*(?:hello\W+)?(?:(?:are )?you )?(?:still there|any(?:one|body) there)\W*", re.IGNORECASE)


def says_yes_or_no(turn: Turn) -> bool | None:
    """By the intent; where that is in doubt, by the first word. A yes with a "but" or a question is none.

    "No, leave the address as it is" sounds like another wish for the address, and is a no.
    """
    if turn.intent in ("affirm", "deny"):
        return turn.intent == "affirm"
    if _NO.match(turn.text) and _LEAVE.search(turn.text) and not _WISH.search(turn.text):
        return False
    if turn.intent not in DOUBTFUL or turn.text.rstrip().endswith("?"):
        return None
    if _NO.match(turn.text):
        return False
    return True if _YES.match(turn.text) and not _BUT.search(turn.text) else None


def takes_back(text: str) -> bool:
    """Whether what was asked for is taken back, in the same message or later."""
    return _TAKES_BACK.search(text) is not None


def wants_person(turn: Turn) -> bool:
    """A few words with a person in them: "yes, a person", and not "no person"."""
    return turn.intent in DOUBTFUL and names_person(turn)


def names_person(turn: Turn) -> bool:
    """The same, whatever else it was read as: "yes, a person" is no mere yes."""
    few = len(turn.text.split()) <= _FEW_WORDS and not turn.is_button
    return few and _PERSON.search(turn.text) is not None and not _BUT.search(turn.text)


def means_other_order(turn: Turn) -> bool:
    """ "And the other one?", where that is among what may be meant."""
    possible = {each["name"] for each in turn.intent_set}
    return "correct_order" in possible and _OTHER.search(turn.text) is not None


def says_goodbye(text: str) -> bool:
    """A few words that begin with a goodbye, whatever else they say."""
    return len(text.split()) <= _FEW_WORDS and _BYE.match(text) is not None


def asks_who_is_there(text: str) -> bool:
    """ "Still there?" """
    return _THERE.fullmatch(text) is not None

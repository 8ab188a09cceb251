"""Numbers with a unit in a sentence, and what they are said of: "returns within 30 days" is at most 30 days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from knowledge.countries import named_countries
from knowledge.lexical import tokens

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?"
# Name in a text -> (unit, how many of it are one of the text's). Working days are not days, nor months 30 of them.
_UNITS = {
    r"(?:working|business) days?": ("working day", 1.0),
    r"(?:calendar )?days?": ("hour", 24.0),
    r"weeks?": ("hour", 168.0),
    r"hours?|hrs?|h": ("hour", 1.0),
    r"minutes?|mins?": ("hour", 1 / 60),
    r"months?": ("month", 1.0),
    r"years?": ("month", 12.0),
    r"EUR|€|euros?": ("EUR", 1.0),
    r"USD|\$|dollars?": ("USD", 1.0),
    r"GBP|£|pounds?": ("GBP", 1.0),
    r"CHF|francs?": ("CHF", 1.0),
    r"%|per ?cent|percent": ("%", 1.0),
    r"kg|kilograms?|kilos?": ("kg", 1.0),
    r"cm": ("cm", 1.0),
    r"litres?|liters?|l": ("litre", 1.0),
    r"°C": ("°C", 1.0),
    r"points?": ("point", 1.0),
}
_CURRENCIES = ("EUR", "USD", "GBP", "CHF")
_UNIT = "|".join(f"(?P<u{number}>{name})" for number, name in enumerate(_UNITS))
_SPELT = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_WORDS = {word: str(number) for number, word in enumerate(_SPELT.split(), 1)}
_WORDS |= {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "a hundred": "100"}
_WORD_NUMBER = re.compile(rf"\b({'|'.join(_WORDS)})(?=(?:\s+(?:{'|'.join(_UNITS)})\b|\s+to\s))", re.IGNORECASE)
_FACT = re.compile(
    rf"(?<![\w.,])(?P<sign>[€$£]|\b(?:{'|'.join(_CURRENCIES)})\b)?\s?"
    rf"(?P<low>{_NUMBER})(?:\s*(?:-|\u2013|to|and|or)\s*(?P<high>{_NUMBER}))?"
    rf"(?:[\s-]?(?:{_UNIT}))?(?![\w])",
    re.IGNORECASE,
)
# What is said to cost nothing. "Free from 50 EUR" and "free delivery from" say that of a part only.
_FREE = re.compile(
    r"(?<=is |re )(?:always |entirely |completely )?free(?: of charge)?"
    r"(?! (?:to|from|above|over|if|when|up|until|for (?!all|every|each|any))\b)"
    r"|free of charge|(?:at|for) no (?:extra |additional )?(?:cost|charge)|costs? nothing",
    re.IGNORECASE,
)
_CLOCK = r"(?P<{0}>\d{{1,2}}(?::\d{{2}})?)\s*(?P<{0}_half>[ap]\.?m\.?)?"
_HOURS = re.compile(
    rf"\b{_CLOCK.format('opens')}\s*(?:-|\u2013|to|until|and)\s*{_CLOCK.format('shuts')}(?![\w%:.]*\d)", re.IGNORECASE
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekday", "weekend", "daily")
_UPPER = re.compile(
    r"\b(?:up to|within|no (?:more|later) than|at most|at the latest|maximum(?: of)?|max\.?|below|under|less than)\W*$",
    re.IGNORECASE,
)
_LOWER = re.compile(r"\b(?:at least|from|over|above|more than|minimum(?: of)?|min\.?)\W*$", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[;:]\s+|,\s+(?!\d{3}\b)|\s+(?:but|otherwise|instead of|(?<!\d )and(?=\s+(?:[\w ]+ )?\d))\s+|\s[\u2013\u2014]\s"
)
# Words beside an amount that tell nothing of what it is said of; the bounds are among them.
_GENERAL_WORDS = (
    "let take up to within least most over more less than only best also until each every no not later under below "
    "above max maximum min minimum usually normally mostly always you'll get need again may must first please "
    "after before then once"
)
_GENERAL = frozenset(_GENERAL_WORDS.split())
# What a price says already.
_OF_MONEY = frozenset(("cost", "costs", "pric", "price", "fee", "fees", "charg", "charge", "pay", "paid"))
_CONDITION = re.compile(r"\b(?:if|when|unless|from|above|over|except|only|with|first|until|for orders)\b", re.I)
_ENDING = re.compile(r"(?:ing|ed|e)$")


class Bound(Enum):
    EXACT = "exactly"
    UPPER = "at most"
    LOWER = "at least"


@dataclass(frozen=True, slots=True)
class Fact:
    """An amount and what it is said of.

    Attributes:
        low, high: in `unit`; equal unless a range is given.
        said: as it stands in the text.
        subject: the words around it in its clause that count, without endings.
        only_for: tiers and countries that the clause names.
    """

    low: float
    high: float
    unit: str
    bound: Bound
    said: str
    subject: frozenset[str]
    only_for: frozenset[str]

    @property
    def is_free(self) -> bool:
        return self.unit in _CURRENCIES and self.high == 0.0


def read_facts(sentence: str, tiers: Iterable[str] = ()) -> list[Fact]:
    """The facts of a sentence, clause by clause.

    In "Express: basic 9.90 EUR, silver 4.90 EUR" each is about express, and each for its own tier.
    """
    sentence = _WORD_NUMBER.sub(lambda match: _WORDS[match.group(1).lower()], sentence)
    head, colon, rest = sentence.partition(": ")
    if not colon or any(char.isdigit() for char in head):
        head, rest = "", sentence
    named = frozenset(tiers)
    clauses = _CLAUSE.split(rest)
    whole = _people(sentence, named)
    return [fact for clause in clauses for fact in _clause_facts(head, clause, named, whole)]


def read_free(sentence: str, tiers: Iterable[str] = ()) -> list[Fact]:
    """That something is free, as an amount of nothing in each currency: it contradicts any price."""
    named = frozenset(tiers)
    whole = _people(sentence, named)
    facts = []
    for clause in _CLAUSE.split(sentence):
        match = _FREE.search(clause)
        if match is None or _unit_in(clause) or _CONDITION.search(sentence):
            continue
        about = subject_words(clause[: match.start()] + clause[match.end() :]) - named - _OF_MONEY
        only_for = _people(clause, named) or whole
        said = " ".join(match[0].split())
        facts += [Fact(0.0, 0.0, unit, Bound.EXACT, said, about, only_for) for unit in _CURRENCIES]
    return facts


def read_hours(sentence: str, tiers: Iterable[str] = ()) -> list[Fact]:
    """From when to when something is open, on the days that the sentence names; where it gives one such time."""
    found = [match for match in _HOURS.finditer(sentence) if _is_clock(match)]
    if len(found) != 1:
        return []
    (match,) = found
    opens, shuts = _time(match["opens"], match["opens_half"]), _time(match["shuts"], match["shuts_half"])
    named = frozenset(tiers)
    days = [day for day in _DAYS if day in sentence.lower()]
    about = subject_words(sentence[: match.start()] + sentence[match.end() :]) - named - set(_DAYS)
    unit, said = f"o'clock {' '.join(days)}", " ".join(match[0].split()).rstrip(".")
    return [Fact(opens, shuts, unit, Bound.EXACT, said, about, _people(sentence, named))]


def subject_words(text: str) -> frozenset[str]:
    """The words of `text` that count, without numbers, units and the commonest endings."""
    # Points are an amount and a subject both.
    plain = _FACT.sub(lambda match: " point " if "point" in match[0].lower() else " ", text)
    return frozenset(_ENDING.sub("", word) if len(word) > 4 else word for word in tokens(plain) if word not in _GENERAL)


def contradict(one: Fact, other: Fact) -> bool:
    """Whether the two amounts cannot both be true of one thing; a limit and a usual time seldom contradict."""
    if one.unit != other.unit:
        return False
    if one.bound is other.bound:
        if one.low == one.high or other.low == other.high:
            return one.low > other.high or other.low > one.high
        return (one.low, one.high) != (other.low, other.high)
    if Bound.LOWER in (one.bound, other.bound):
        return False
    limit, usual = (one, other) if one.bound is Bound.UPPER else (other, one)
    return usual.low > limit.high


def _people(text: str, tiers: frozenset[str]) -> frozenset[str]:
    """The tiers and countries that a text names."""
    return tiers.intersection(tokens(text)) | named_countries(text)


def _clause_facts(head: str, clause: str, tiers: frozenset[str], named: frozenset[str]) -> list[Fact]:
    """`named` are tiers and countries of the whole sentence, for a clause that names none itself."""
    whole = f"{head} {clause}"
    only_for = _people(whole, tiers) or named
    subject = subject_words(whole) - tiers
    facts = []
    for match in _FACT.finditer(clause):
        unit = _unit(match)
        if unit is None:
            continue
        name, scale = unit
        low = _value(match["low"]) * scale
        high = _value(match["high"]) * scale if match["high"] else low
        said = " ".join(match[0].split())
        bound, about = _bound(clause[: match.start()]), subject - {name} - (_OF_MONEY if name in _CURRENCIES else set())
        facts.append(Fact(low, max(low, high), name, bound, said, about, only_for))
    return facts


def _unit_in(text: str) -> bool:
    return any(_unit(match) is not None for match in _FACT.finditer(text))


def _is_clock(match: re.Match[str]) -> bool:
    """ "9 to 5" alone may be anything; minutes, or am and pm, make it a time of day."""
    return all(":" in match[name] or match[f"{name}_half"] for name in ("opens", "shuts"))


def _time(hours: str, half: str | None) -> float:
    whole, _, minutes = hours.partition(":")
    hour = int(whole)
    if half is not None:
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)  # 12 am is midnight, 12 pm noon
    return hour + int(minutes or 0) / 60


def _unit(match: re.Match[str]) -> tuple[str, float] | None:
    if match["sign"]:
        return {"€": "EUR", "$": "USD", "£": "GBP"}.get(match["sign"], match["sign"].upper()), 1.0
    for number, unit in enumerate(_UNITS.values()):
        if match[f"u{number}"]:
            return unit
    return None


def _bound(before: str) -> Bound:
    if _UPPER.search(before):
        return Bound.UPPER
    return Bound.LOWER if _LOWER.search(before) else Bound.EXACT


def _value(text: str) -> float:
    """ "1,500" is 1500, "3,90" is 3.9."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))

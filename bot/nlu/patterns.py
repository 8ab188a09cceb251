"""Entities that have a shape of their own: e-mail, phone, postcode, rating, name."""

from __future__ import annotations

import re

from bot.nlu.found import Found

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}(?![\w@])")

# From 8 digits (a local number with its area) to 15 (the longest that exist, E.164).
_PHONE = re.compile(r"(?<![\w#-])(?:\+|00|\(?0)[\d]?(?:[ ()/.-]{0,2}\d){6,16}(?![\w-])")
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15

# Shapes that nothing else has: Netherlands, Ireland.
_POSTCODE_SHAPED = re.compile(r"\b(?:[1-9]\d{3} ?[A-Z]{2}|(?:[AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4})\b")
_POSTCODE_CUE = re.compile(
    r"\b(?:post ?code|postal code|zip(?: code)?|plz|eircode)\b[^\d\n]{0,20}?"
    r"(\d{4,5}(?: ?[A-Za-z]{2}\b)?|[A-Za-z]\d{2} ?[A-Za-z0-9]{4})(?![\w-])",
    re.IGNORECASE,
)
_POSTCODE_COUNTRY = re.compile(r"\b(?:D|DE|A|AT|B|BE|F|FR|NL)-(\d{4,5})\b")
# Five digits (four in Austria and Belgium) and then a town: "10115 Berlin", "1010 Wien".
_POSTCODE_TOWN = re.compile(r"(?<![\w#.,€$£-])(\d{4,5})(?= [A-ZÄÖÜÉ][a-zäöüßéèêç]{2,})")
_POSTCODE_ALONE = re.compile(r"\s*(\d{5})\s*[.!]?\s*")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_NUMBER = r"(?P<rating>[1-5]|one|two|three|four|five)"
_RATINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w.,/-]){_NUMBER}(?= ?(?:/|out of|of) ?(?:5|five)\b(?![/.]\d))",
        rf"(?<![\w.,/-])(?<!of ){_NUMBER}(?=[ -]?(?:stars?\b|★|\*(?!\w)|⭐))",
        rf"\b(?:rate|rating|score|grade)(?: (?:it|you|this|that|the \w+|is|was|of|would be|a|with|as))*"
        rf":? {_NUMBER}\b(?![.,/]\d)",
        rf"\b(?:give|gave|giving|say|get|gets) (?:(?:it|you|this|that|them|the \w+) )?(?:an? )?"
        rf"{_NUMBER}(?=\s*(?:$|[.,!;]|for\b|from\b|because\b|points?\b|and\b|but\b))",
    )
)
_RATING_ALONE = re.compile(rf"\s*(?:an? )?{_NUMBER}\s*[.!]*\s*", re.IGNORECASE)
_STARS_ALONE = re.compile(r"\s*((?:⭐️?|★){1,5})\s*")

_NAME = re.compile(
    r"\b(?:[Mm]y (?:full )?name(?: is|'s|:)|[Nn]ame:|[Tt]he name is|[Ii]t is for|[Uu]nder the name(?: of)?)\s+"
    r"(?P<name>[^\W\d_][\w'\u2019-]+(?: (?:van|von|de|der|den|di|la|le) |[ ])?"
    r"(?:[A-ZÄÖÜ][\w'\u2019-]+)?(?: [A-ZÄÖÜ][\w'\u2019-]+)?)"
)
# "I am Yusuf Rossi", "this is Fatima from Rotterdam": only in capitals, and only where the name then ends.
_INTRODUCED = re.compile(
    r"\b(?:[Tt]his is|I am|I'm|[Rr]egards,|[Tt]hanks,|[Bb]est,)\s+"
    r"(?P<name>[A-ZÄÖÜ][a-zäöüßéèç][\w'-]*(?: [A-ZÄÖÜ][\w'-]+){0,2})(?=\s*(?:$|[.,!;(]|from\b|and\b|here\b))"
)
_NOT_NAMES = frozenset(
    {"not", "the", "a", "an", "on", "in", "wrong", "spelled", "spelt", "under", "different", "still", "here", "it",
     "very", "so", "also", "and", "for", "to", "of", "gold", "silver", "basic"}
)  # fmt: skip


def find_emails(text: str) -> list[Found]:
    return [Found("email", match.start(), match.end(), match.group().lower()) for match in _EMAIL.finditer(text)]


def find_phones(text: str) -> list[Found]:
    """Numbers with a leading 0, 00 or +: value `+49301234567` or `01765551234`, digits only."""
    found = []
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
            value = "+" + digits if match.group().startswith("+") else digits
            found.append(Found("phone", match.start(), match.end(), value))
    return found


def find_postcodes(text: str) -> list[Found]:
    """Codes of the countries that are delivered to; bare digits only with a cue, a town or on their own."""
    spans = [match.span() for match in _POSTCODE_SHAPED.finditer(text)]
    spans += [match.span(1) for match in _POSTCODE_CUE.finditer(text)]
    spans += [match.span(1) for match in _POSTCODE_COUNTRY.finditer(text)]
    for match in _POSTCODE_TOWN.finditer(text):
        if not text[match.end() + 1 :].startswith(_MONTHS):
            spans.append(match.span(1))
    if alone := _POSTCODE_ALONE.fullmatch(text):
        spans.append(alone.span(1))
    return [Found("postcode", start, end, _postcode(text[start:end])) for start, end in spans]


def find_ratings(text: str) -> list[Found]:
    """One to five: `4`, `four stars`, `4/5`, `I give it a 4`, `⭐⭐⭐⭐`; value int."""
    if alone := _STARS_ALONE.fullmatch(text):
        return [Found("rating", *alone.span(1), sum(alone.group(1).count(star) for star in "⭐★"))]
    matches = [match for pattern in _RATINGS for match in pattern.finditer(text)]
    if alone := _RATING_ALONE.fullmatch(text):
        matches.append(alone)
    found = []
    for match in matches:
        written = match.group("rating").lower()
        found.append(Found("rating", *match.span("rating"), _NUMBERS.get(written) or int(written)))
    return found


def find_names(text: str) -> list[Found]:
    """What follows "my name is", as it was written."""
    found = []
    for match in (*_NAME.finditer(text), *_INTRODUCED.finditer(text)):
        name = match.group("name").strip()
        if name.split()[0].lower() not in _NOT_NAMES:
            found.append(Found("name", match.start("name"), match.start("name") + len(name), name))
    return found


def _postcode(written: str) -> str:
    code = re.sub(r"\s+", "", written).upper()
    if code.isdigit():
        return code
    # "1012 AB" and "D02 X285" are written with one space.
    return f"{code[:4]} {code[4:]}" if code[:4].isdigit() else f"{code[:3]} {code[3:]}"

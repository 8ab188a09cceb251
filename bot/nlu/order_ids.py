"""Order numbers in the shop's own writing: `HV-104233`, `#W7678072`, "order 104233"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.nlu.found import Found

# Up to three letters, perhaps a dash or blank, five digits or more.
_LETTERED = re.compile(r"(?<![\w-])#?(?P<letters>[A-Za-z]{1,3})(?P<dash>[-\u2013 ]?)(?P<digits>\d{5,10})(?![\w-])")
_CUED = re.compile(
    r"\b(?:orders?|order(?:ing)?[ -]?(?:number|no|nr|id)|purchase|invoice|number|no\.|nr\.?)"
    r"(?:\s+(?:number|no\.?|nr\.?|id|is|was|it is|with|the|#))*\s*[:=]?\s*#?(?P<digits>\d{5,10})(?![\w-])",
    re.IGNORECASE,
)
_HASHED = re.compile(r"(?<!\w)#(?P<digits>\d{5,10})(?![\w-])")
# Six digits on their own: five may be a postcode.
_BARE = re.compile(r"(?<![\w+#.,:/€$£-])(?P<digits>\d{6,8})(?![\w/€$£-]|[.,:]\d)")
_SECRET = re.compile(
    r"\b(?:code|pin|otp|password|passcode|iban|phone|mobile|call me (?:on|at))\b[^.]{0,20}$", re.IGNORECASE
)


def find_order_ids(text: str, prefixes: Sequence[str] = ()) -> list[Found]:
    """`prefixes` are what the shop writes before the digits (`HV-`, `W`), most usual first.

    Other letters are taken as they are said. Digits alone get the first prefix.
    """
    found = []
    for match in _LETTERED.finditer(text):
        number = _lettered(match, prefixes)
        if number is not None:
            found.append(Found("order_id", *match.span(), number))
    first = prefixes[0] if prefixes else ""
    for pattern, confidence in ((_CUED, 1.0), (_HASHED, 1.0), (_BARE, 0.7)):
        for match in pattern.finditer(text):
            start, end = match.span("digits")
            if _SECRET.search(text[max(0, match.start() - 40) : start]):
                continue
            start -= text[:start].endswith("#")
            found.append(Found("order_id", start, end, first + match.group("digits"), confidence))
    return found


def _lettered(match: re.Match[str], prefixes: Sequence[str]) -> str | None:
    """In the shop's writing where the letters are known, else as it was said, for the answer "we have no such
    order".
    """
    letters, dash, digits = match.group("letters").upper(), match.group("dash"), match.group("digits")
    for prefix in prefixes:
        if prefix.rstrip("-").upper() == letters:
            return prefix.upper() + digits
    # "in 10115 Berlin", "top 100000": words before a number.
    if dash == " " or (prefixes and len(digits) < 6):
        return None
    return f"{letters}{'-' if dash else ''}{digits}"

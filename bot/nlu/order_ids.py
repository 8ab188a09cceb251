"""Order numbers in the shop's own writing: `HV-104233`, `#W7678072`, "order 104233"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.nlu.found import Found

# Up to three letters, perhaps a dash or blank, five digits or more.
_LETTERED = re.compile(r"(?<![\w-])#?(?P<letters>[A-Za-z]{1,3})(?P<dash>[-– ]?)(?P<digits>\d{5,10})(?![\w-])")
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

    Without prefixes any short run of letters is taken for one. Digits alone get the first prefix.
    """
    found = []
    for match in _LETTERED.finditer(text):
        prefix = _known(match.group("letters"), match.group("dash"), prefixes)
        if prefix is not None:
            found.append(Found("order_id", *match.span(), prefix + match.group("digits")))
    first = prefixes[0] if prefixes else ""
    for pattern, confidence in ((_CUED, 1.0), (_HASHED, 1.0), (_BARE, 0.7)):
        for match in pattern.finditer(text):
            start, end = match.span("digits")
            if _SECRET.search(text[max(0, match.start() - 40) : start]):
                continue
            start -= text[:start].endswith("#")
            found.append(Found("order_id", start, end, first + match.group("digits"), confidence))
    return found


def _known(letters: str, dash: str, prefixes: Sequence[str]) -> str | None:
    """The shop's prefix that these letters are, however it was written."""
    for prefix in prefixes:
        if prefix.rstrip("-").upper() == letters.upper():
            return prefix.upper()
    if prefixes or dash == " ":
        return None
    return letters.upper() + ("-" if dash else "")

"""Finding an order number in what somebody typed."""

from __future__ import annotations

import re

# Letters and digits of an order number. A joined or hyphenated number may be shorter than a spaced one,
# which looks like any word before any number. C-000123 is a customer.
_JOINED = re.compile(r"(?<![\w-])#?\s?([a-z]{1,3})(-?)(\d{5,12})(?![\w-])", re.IGNORECASE)
_SPACED = re.compile(r"(?<![\w-])#?\s?([a-z]{1,3})\s?-?\s?(\d{6,12})(?![\w-])", re.IGNORECASE)
# Words and units that stand before a number that is no order's.
_NO_PREFIX = frozenset(
    {
        "a",
        "c",
        "i",
        "in",
        "my",
        "to",
        "of",
        "is",
        "no",
        "nr",
        "id",
        "on",
        "at",
        "by",
        "the",
        "for",
        "was",
        "and",
    }
    | {
        "but",
        "it",
        "so",
        "or",
        "as",
        "be",
        "are",
        "eur",
        "usd",
        "gbp",
        "tel",
        "fax",
        "mob",
        "num",
        "zip",
        "plz",
    }
)


def normalise_order_id(text: str) -> str | None:
    """The first order number in `text` in its canonical form, or None: "my #hv 104233" is "HV-104233".

    Canonical is upper case without "#": one letter is joined to the digits (W7678072), more letters
    are set off by a hyphen (HV-104233). Nothing is looked up.
    """
    for pattern in (_JOINED, _SPACED):
        for match in pattern.finditer(text):
            letters, digits = match.group(1), match.groups()[-1]
            if letters.lower() in _NO_PREFIX:
                continue
            return f"{letters.upper()}{'-' if len(letters) > 1 else ''}{digits}"
    return None

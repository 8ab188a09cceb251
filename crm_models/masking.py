"""Taking out of a text what says who wrote it: what the shop knows of the customer, and what looks personal.

What is left can be read and counted. It is no anonymisation: a story can identify somebody without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

EMAIL, CUSTOMER, CODE, ORDER, PHONE, NUMBER = "[e-mail]", "[customer]", "[code]", "[order]", "[phone]", "[number]"

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# As `crm_models.offers` makes them.
_CODE = re.compile(r"\b[2-9A-Z]{4}(?:-[2-9A-Z]{4}){2}\b")
# Wider than `crm_models.order_numbers`: a number too many taken out does no harm. A customer's number goes too;
# of one set off by a blank the digits are taken out below.
_ORDER = re.compile(r"(?<![\w-])#?[a-z]{1,3}-?\d{5,12}(?![\w-])", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\w)\(?\+?\d(?:[\s()/.-]{0,2}\d){6,14}(?!\w)")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}")
# Bare order numbers, cards, one-time codes, tracking numbers; prices and years are shorter.
_NUMBER = re.compile(r"\b(?:\d{5,}|(?=\w*\d)[A-Z0-9]{8,})\b")
_SHORTEST = 3  # letters of a name or town that are looked for


def mask_text(text: str, known: Iterable[str | None] = ()) -> str:
    """The text with placeholders for e-mails, phone numbers, order numbers, codes and long numbers.

    Args:
        known: what the shop knows of the customer (name, street, town, ...), wherever it stands in the text.
    """
    text = _EMAIL.sub(EMAIL, text)
    values = sorted({value.strip() for value in known if value and len(value.strip()) >= _SHORTEST}, key=len)
    for value in reversed(values):  # the whole street before the town it is named after
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", CUSTOMER, text, flags=re.IGNORECASE)
    text = _CODE.sub(CODE, text)
    text = _ORDER.sub(ORDER, text)
    text = _PHONE.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else PHONE, text)
    return _NUMBER.sub(NUMBER, text)

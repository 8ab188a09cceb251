"""Sums of money in a text, as `49.90 EUR`.

Where one stands is told by patterns: price-parser reads the number, but takes any for a price, and knows no "dollars".
"""

from __future__ import annotations

import re
from decimal import Decimal

from price_parser import Price

from bot.nlu.found import Found

_CURRENCIES = {
    "EUR": ("€", "eur", "euro", "euros"),
    "USD": ("$", "usd", "dollar", "dollars", "us$"),
    "GBP": ("£", "gbp", "pound", "pounds"),
    "CHF": ("chf", "francs"),
}
_CODE_OF = {written: code for code, names in _CURRENCIES.items() for written in names}
_WORDS = "|".join(sorted((re.escape(name) for name in _CODE_OF), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?"
_BEFORE = re.compile(rf"(?<!\w)(?P<currency>{_WORDS}) ?(?P<number>{_NUMBER})(?![\w-]|[.,]\d)", re.IGNORECASE)
_AFTER = re.compile(
    rf"(?<![\w.,-])(?P<number>{_NUMBER})(?:,-{{1,2}}|\.-{{1,2}})? ?(?P<currency>{_WORDS})(?!\w)",
    re.IGNORECASE,
)
_CENTS = re.compile(r"(?<![\w.,-])(?P<number>\d{1,2}) cents?\b", re.IGNORECASE)


def find_amounts(text: str, currency: str = "EUR") -> list[Found]:
    """Numbers with a currency, before or behind. `currency` is the one that cents are taken to be of."""
    found = []
    for pattern in (_AFTER, _BEFORE):
        for match in pattern.finditer(text):
            code = _CODE_OF[match.group("currency").lower()]
            amount = _number(match.group("number"))
            if amount is not None:
                found.append(Found("amount", *match.span(), f"{amount:.2f} {code}"))
    for match in _CENTS.finditer(text):
        found.append(Found("amount", *match.span(), f"{int(match.group('number')) / 100:.2f} {currency}"))
    return found


def _number(written: str) -> Decimal | None:
    """`1.299,00`, `1,299.00`, `1299` and `49,9`, as price-parser tells thousands from cents; `1.299.000.00` is none."""
    amount: Decimal | None = Price.fromstring(written).amount
    return amount

"""Sums of money in a text, as `49.90 EUR`."""

from __future__ import annotations

import re

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
            found.append(Found("amount", *match.span(), f"{_number(match.group('number')):.2f} {code}"))
    for match in _CENTS.finditer(text):
        found.append(Found("amount", *match.span(), f"{int(match.group('number')) / 100:.2f} {currency}"))
    return found


def _number(written: str) -> float:
    """`1.299,00`, `1,299.00`, `1299` and `49,9`: the last mark before one or two digits separates the cents."""
    whole, _, cents = written, "", ""
    if match := re.search(r"[.,](\d{1,2})$", written):
        whole, cents = written[: match.start()], match.group(1)
    return float(f"{re.sub(r'[^0-9]', '', whole)}.{cents or 0}")

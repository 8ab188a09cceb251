"""Amounts as people read them."""

from __future__ import annotations

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def money(cents: int | None, currency: str = "EUR") -> str:
    """129900 as `€1,299.00`."""
    if cents is None:
        return ""
    sign = "-" if cents < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(cents) / 100:,.2f}"

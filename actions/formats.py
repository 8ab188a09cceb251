"""Money, dates and names of things, as they stand in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from actions.words import word
from crm_models.orders import Order, OrderLine
from crm_models.payments import PaymentMethod


def money(cents: int, currency: str) -> str:
    """`1999, "EUR"` -> `19.99 EUR`."""
    return f"{cents / 100:,.2f} {currency}"


def day(when: date | datetime | None) -> str:
    """`3 March 2026`, or the domain's word for a date nobody knows."""
    return f"{when.day} {when:%B %Y}" if when else word("unknown_date")


def ago(when: datetime, now: datetime) -> str:
    """`earlier today`, `yesterday`, `4 days ago`, `last week`, then the date."""
    days = (now.date() - when.date()).days
    if days < 2:
        return word("ago_yesterday" if days == 1 else "ago_today")
    if days < 14:
        return word("ago_week") if days >= 7 else word("ago_days", days=str(days))
    return word("ago_date", date=day(when))


def method_name(method: PaymentMethod | None, currency: str) -> str:
    """`Visa ending in 4242`, `gift card (25.00 EUR left)`."""
    if method is None:
        return word("payment_unknown")
    return word(
        f"payment_{method.kind}",
        brand=(method.brand or "").title() or word("payment_unknown"),
        last_four=method.last_four or "",
        balance=money(method.balance_cents or 0, currency),
    )


def options(values: Mapping[str, Any]) -> str:
    """`{"colour": "red", "size": "1.0 l"}` -> `red, 1.0 l`."""
    return ", ".join(str(value) for value in values.values())


def line_name(line: OrderLine) -> str:
    """`Solvik kettle (red)`, with the number of pieces where there are several."""
    name = f"{line.product_name} ({options(line.options)})" if line.options else line.product_name
    return f"{line.quantity} x {name}" if line.quantity > 1 else name


def items_of(order: Order, most: int = 3) -> str:
    """The names of an order's products, the first few in full."""
    return shorten([line.product_name for line in order.lines], most)


def shorten(names: Sequence[str], most: int = 3) -> str:
    """`Kettle, Toaster, Lamp +2`."""
    shown = ", ".join(names[:most])
    return f"{shown} +{len(names) - most}" if len(names) > most else shown


def order_button(order: Order, currency: str) -> str:
    """Title of the button that stands for an order: what is in it, not only its number."""
    return f"{order.order_id}: {items_of(order, 2)} ({money(order.total_cents, currency)})"

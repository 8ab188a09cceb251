"""Reasons of scores in words that a support agent understands: "no order for 74 days", "two open complaints".

For the service desk and the command line alike; what customers read lives in the bot's domain. A reason is
`column:value` (of a shop's features, see `crm_models.model`) or `column=value` (of a user's own table).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_YEAR, _QUARTER = "in a year", "in three months"


def reason_in_words(reason: str) -> str:
    """One reason; a column without words of its own is told by its name."""
    column, colon, told = reason.partition(":")
    if not colon:
        name, equals, said = reason.partition("=")
        return f"{_name(name)}: {said}" if equals else _name(reason)
    try:
        value = float(told)
    except ValueError:
        return f"{_name(column)}: {told}"
    say = _WORDS.get(column)
    return say(value) if say is not None else f"{_name(column)}: {value:g}"


def reasons_in_words(reasons: Iterable[str], most: int | None = None) -> str:
    """Several as one line, the strongest first."""
    told = [reason_in_words(reason) for reason in reasons]
    return ", ".join(told[:most])


def has_words(column: str) -> bool:
    """Whether a column is told in words rather than by its name."""
    return column in _WORDS


def _name(column: str) -> str:
    return column.replace("_", " ")


def _count(value: float, one: str, many: str) -> str:
    number = round(value)
    said = _NUMBERS[number] if 0 <= number < len(_NUMBERS) else f"{number:,}"
    return f"{said} {one if number == 1 else many}"


def _days(value: float) -> str:
    return "1 day" if round(value) == 1 else f"{round(value):,} days"


def _counted(one: str, many: str | None = None, when: str = "") -> Callable[[float], str]:
    return lambda value: f"{_count(value, one, many or one + 's')} {when}".strip()


def _mood(value: float) -> str:
    word = "unhappy" if value < -0.2 else "happy" if value > 0.2 else "neither happy nor unhappy"
    return f"{word} in messages and feedback (mood {value:+.1f})"


def _gap(value: float) -> str:
    if round(value) < 1:
        return "ordered more lately than usual"
    return f"away for {round(value)} {'time' if round(value) == 1 else 'times'} the usual gap between orders"


_WORDS: dict[str, Callable[[float], str]] = {
    "no_order_for": lambda value: f"no order for {_days(value)}",
    "orders": _counted("order", when="in all"),
    "spent_cents": lambda value: f"spent {value / 100:,.0f} in all",
    "customer_for": lambda value: f"customer for {_days(value)}",
    "ordering_for": lambda value: f"ordering for {_days(value)}",
    "last_gap": lambda value: f"{_days(value)} between the last two orders" if value else "no second order yet",
    "orders_in_a_year": _counted("order", when=_YEAR),
    "orders_in_a_quarter": _counted("order", when=_QUARTER),
    "times_usual_gap": _gap,
    "late_deliveries": _counted("late delivery", "late deliveries", _YEAR),
    "slow_refunds": _counted("slow refund", when=_YEAR),
    "returned": _counted("item sent back", "items sent back", _YEAR),
    "complaints": _counted("complaint", when=_YEAR),
    "open_complaints": _counted("unresolved complaint"),
    "escalations": _counted("conversation handed to a person", "conversations handed to a person", _YEAR),
    "open_escalations": _counted("conversation that waits for a person", "conversations that wait for a person"),
    "open_questions": _counted("unanswered question", when=_YEAR),
    "repeated_contacts": _counted(
        "contact within a week of the one before", "contacts within a week of the one before"
    ),
    "sentiment": _mood,
    "not_seen_for": lambda value: f"not seen for {_days(value)}",
    "visits_in_a_quarter": _counted("product looked at", "products looked at", _QUARTER),
    "discounted_percent": lambda value: f"{value:.0f} % of the orders with a discount",
    "newsletter_left": lambda value: "cancelled the newsletter" if value else "did not cancel the newsletter",
}

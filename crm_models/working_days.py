"""Working days: Monday to Friday. Public holidays differ by country and count as working days here."""

from __future__ import annotations

from datetime import date, timedelta

_SATURDAY = 5


def add_working_days(start: date, days: int) -> date:
    """The day that is `days` working days after `start`; `start` itself is not counted."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            days -= 1
    return day

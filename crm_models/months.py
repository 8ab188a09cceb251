"""So many months later, or earlier."""

from __future__ import annotations

import calendar
from datetime import datetime


def months_later(when: datetime, months: int) -> datetime:
    """The same day of the month; its last day where there is no such day."""
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return when.replace(year=year, month=month + 1, day=min(when.day, last))

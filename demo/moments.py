"""Days and hours: working days, the hours people shop in, sales and seasons."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.random import Generator

from crm_models.working_days import add_working_days

# Orders by hour of the day: a hump at noon and a larger one in the evening.
_HOURS = np.array(
    [1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 4, 5, 5.5, 6, 5, 4.5, 4.5, 5, 6, 7, 9, 10, 9, 6, 3], dtype=float
)
_HOURS_REACHED = _HOURS.cumsum() / _HOURS.sum()
_CUT_OFF = time(7, 0)  # packing starts; what came in before is packed on this day

# First and last day (month, day) and percent off.
_SALES = (((1, 3), (1, 20), 10), ((4, 10), (4, 20), 10), ((7, 1), (7, 14), 10), ((11, 20), (11, 30), 15))
_LATE_SEASON = ((11, 24), (12, 31))  # carriers are overloaded


def shopping_hour(random: Generator, day: date) -> datetime:
    hour = int(_HOURS_REACHED.searchsorted(random.random(), side="right"))
    return datetime.combine(day, time(min(hour, 23), int(random.integers(60)), int(random.integers(60))))


def within_day(random: Generator, day: date, first_hour: int, last_hour: int) -> datetime:
    """A moment of the day, `last_hour` not included."""
    minutes = int(random.integers((last_hour - first_hour) * 60))
    return datetime.combine(day, time(first_hour)) + timedelta(minutes=minutes)


def working_day_after(moment: datetime, days: int) -> date:
    return add_working_days(moment.date(), days)


def packing_day(placed_at: datetime) -> date:
    """The day on which packing starts: the same one only for orders of the night before a working day."""
    day = placed_at.date()
    if day.weekday() < 5 and placed_at.time() < _CUT_OFF:
        return day
    return add_working_days(day, 1)


def sale_percent(day: date) -> int:
    """Percent off for everybody who enters the code of the current sale; 0 between sales."""
    today = (day.month, day.day)
    return next((percent for first, last, percent in _SALES if first <= today <= last), 0)


def season(day: date) -> float:
    """How much is bought compared with an ordinary day."""
    return {11: 1.35, 12: 1.45, 1: 1.05, 7: 0.9, 8: 0.85}.get(day.month, 1.0)


def is_late_season(day: date) -> bool:
    first, last = _LATE_SEASON
    return first <= (day.month, day.day) <= last

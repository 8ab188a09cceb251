"""When an order is packed, sent and delivered, and how late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from numpy.random import Generator

from crm_models.working_days import add_working_days
from demo.moments import is_late_season, packing_day, within_day

# Invented carriers, with the share of parcels that come late.
CARRIERS = {"Swiftpost": 0.05, "Parcelo": 0.09, "Blue Lane": 0.17}
LARGE_CARRIER = "Roomwise"
_LARGE_LATE = 0.12
_LATE_SEASON_FACTOR = 1.8
_LATE_DAYS = 5.5  # mean delay of a late parcel

_STANDARD, _EXPRESS, _LARGE = (2, 4), (1, 1), (5, 8)  # working days: earliest, promised
_EXPRESS_CUT_OFF = time(14, 0)


@dataclass(frozen=True)
class Route:
    carrier: str
    promised_on: datetime
    processed_at: datetime
    shipped_at: datetime
    delivered_at: datetime


def plan_route(random: Generator, placed_at: datetime, *, large: bool, express: bool) -> Route:
    """The way of one parcel; `express` has no effect on large goods."""
    express = express and not large
    earliest, latest = _LARGE if large else _EXPRESS if express else _STANDARD
    packed_on = _express_day(placed_at) if express else packing_day(placed_at)
    started = packed_on if express else placed_at.date()
    promised = add_working_days(started, latest)
    carrier, late = _carrier(random, large)
    if is_late_season(promised):
        late *= _LATE_SEASON_FACTOR
    day = add_working_days(started, int(random.integers(earliest, latest + 1)))
    if random.random() < late:
        day = _after(promised, 1 + int(random.exponential(_LATE_DAYS)))
    processed_at = max(within_day(random, packed_on, 7, 10), placed_at + timedelta(minutes=40))
    shipped_at = max(within_day(random, packed_on, 15, 18), processed_at + timedelta(hours=1))
    delivered_at = within_day(random, day, 9, 19)
    return Route(carrier, datetime.combine(promised, time()), processed_at, shipped_at, delivered_at)


def tracking_id(random: Generator, carrier: str) -> str:
    return f"{carrier[:2].upper()}{random.integers(10**9, 10**10)}"


def _express_day(placed_at: datetime) -> date:
    """The day an express order is packed; it arrives on the next working day."""
    day = placed_at.date()
    if day.weekday() < 5 and placed_at.time() < _EXPRESS_CUT_OFF:
        return day
    return add_working_days(day, 1)


def _carrier(random: Generator, large: bool) -> tuple[str, float]:
    if large:
        return LARGE_CARRIER, _LARGE_LATE
    name = list(CARRIERS)[int(random.integers(len(CARRIERS)))]
    return name, CARRIERS[name]


def _after(day: date, days: int) -> date:
    """`days` later, and never on a Sunday."""
    later = day + timedelta(days=days)
    return later + timedelta(days=1) if later.weekday() == 6 else later

"""When a customer is not to be disturbed, in the time of where they live."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crm_models.proactive.policy import DAYS, NoticePolicy


def zone_of(policy: NoticePolicy, country: str | None) -> ZoneInfo:
    """The time zone of a customer's country (two letters), or the shop's."""
    return policy.time_zones.get((country or "").upper(), policy.time_zone)


def is_quiet(policy: NoticePolicy, zone: ZoneInfo, now: datetime) -> bool:
    """Whether `now` (UTC without zone) falls into the quiet hours or days of `zone`.

    The clock on the wall decides: where it is put forward or back at night, the quiet hours are an hour shorter or
    longer and begin and end when the clock says so. Hours from 21 until 8 go over midnight; equal ones are none.
    """
    local = now.replace(tzinfo=UTC).astimezone(zone)
    if DAYS[local.weekday()] in policy.quiet_days:
        return True
    start, end, clock = policy.quiet_from, policy.quiet_until, local.time()
    return start <= clock < end if start <= end else clock >= start or clock < end

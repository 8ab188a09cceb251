"""Dates in a text, absolute and relative, as ISO 8601.

A day is `2024-05-03`. A span keeps the precision it was said with: a week `2024-W18`, a month `2024-05`, a
year `2024`. Without a year, the day nearest to today is meant: people speak of orders of the last and
deliveries of the next weeks.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from dateutil import parser as dateutil_parser
from dateutil.relativedelta import relativedelta

from bot.nlu.found import Found

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "couple of": 2, "three": 3, "a few": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14,
}  # fmt: skip
_COUNT = r"(?P<count>\d{1,3}|" + "|".join(sorted(_COUNTS, key=len, reverse=True)) + ")"
_YEAR = r"(?:19|20)\d\d"

_ISO = re.compile(rf"(?<![\w.-])({_YEAR})-(\d\d)-(\d\d)(?![\w-])")
_NUMERIC = re.compile(
    rf"(?<![\w./€$£-])(\d{{1,2}})([./-])(\d{{1,2}})(?:\2({_YEAR}|\d\d)(?!\d)|(?<=\.)|\.(?!\w)|(?![\w./-]))"
)
_DAY_MONTH = re.compile(
    rf"(?<![\w.-])(\d{{1,2}})(?:st|nd|rd|th)?\.?(?: of)? ({_MONTH})\b\.?(?:,? ({_YEAR})\b)?", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\b\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?![\w:])(?:,? ({_YEAR})\b)?", re.IGNORECASE
)
_MONTH_ALONE = re.compile(
    rf"\b(?:(?P<which>last|next|this|in|since|of|from|until|for|early|late|mid)(?: |-))?"
    rf"(?P<month>{'|'.join(_MONTHS)})\b"
    rf"(?: (?P<year>{_YEAR}))?",
    re.IGNORECASE,
)
_YEAR_ALONE = re.compile(rf"\b(?:in|from|of|since|during|year) (?P<year>{_YEAR})\b", re.IGNORECASE)
_AGO = re.compile(rf"\b{_COUNT} (?P<unit>minute|hour|day|night|week|month|year)s? ago\b", re.IGNORECASE)
_AHEAD = re.compile(rf"\bin {_COUNT} (?P<unit>hour|day|week|month|year)s?\b(?! time)", re.IGNORECASE)
_WEEKDAY = re.compile(
    rf"\b(?<!\bblack )(?:(?P<which>last|next|this|past|coming) )?(?P<day>{'|'.join(_WEEKDAYS)})\b", re.IGNORECASE
)
_SPAN = re.compile(
    r"\b(?P<which>last|past|previous|this|current|next|coming) (?P<unit>week|weekend|month|year)\b",
    re.IGNORECASE,
)
_NAMED = {
    "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0,
    "this morning": 0, "this afternoon": 0, "this evening": 0, "tonight": 0, "tomorrow": 1,
    "the day after tomorrow": 2, "day after tomorrow": 2,
}  # fmt: skip
_NAMED_DAY = re.compile(r"\b(" + "|".join(sorted(_NAMED, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_CHRISTMAS = re.compile(r"\b(christmas(?: eve| day)?)\b(?! (?:gift|present|tree))", re.IGNORECASE)


def find_dates(text: str, today: date) -> list[Found]:
    """Values relative to `today`. A numeric date is read day first (3/5 is 3 May), unless only the other can be."""
    spans: list[tuple[tuple[int, int], str | None]] = []
    spans += [(match.span(), _iso(match.group())) for match in _ISO.finditer(text)]
    spans += [(match.span(), _numeric(match, today)) for match in _NUMERIC.finditer(text)]
    spans += [(match.span(), _day(match.group(), today)) for match in _DAY_MONTH.finditer(text)]
    spans += [(match.span(), _day(match.group(), today)) for match in _MONTH_DAY.finditer(text)]
    spans += [(match.span(), _named(match, today)) for match in _NAMED_DAY.finditer(text)]
    spans += [(match.span(), _shifted(match, today, -1)) for match in _AGO.finditer(text)]
    spans += [(match.span(), _shifted(match, today, 1)) for match in _AHEAD.finditer(text)]
    spans += [(match.span(), _weekday(match, today)) for match in _WEEKDAY.finditer(text)]
    spans += [(match.span(), _span(match, today)) for match in _SPAN.finditer(text)]
    spans += [(match.span("month"), _month(match, today)) for match in _MONTH_ALONE.finditer(text)]
    spans += [(match.span("year"), match.group("year")) for match in _YEAR_ALONE.finditer(text)]
    spans += [(match.span(), _nearest(date(today.year, 12, 25), today)) for match in _CHRISTMAS.finditer(text)]
    return [Found("date", *span, value) for span, value in spans if value is not None]


def _iso(written: str) -> str | None:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        return None


def _day(written: str, today: date) -> str | None:
    """A day with its month in words; None for one that does not exist."""
    cleaned = re.sub(r"\b(?:of|the)\b", " ", written, flags=re.IGNORECASE)
    has_year = re.search(_YEAR, written) is not None
    try:
        # A leap year as the default, so that 29 February can be read before its year is known.
        parsed = dateutil_parser.parse(cleaned, dayfirst=True, default=dateutil_parser.parse("2000-01-01")).date()
    except (ValueError, OverflowError):
        return None
    return parsed.isoformat() if has_year else _nearest(parsed, today)


def _numeric(match: re.Match[str], today: date) -> str | None:
    first, second, year = int(match.group(1)), int(match.group(3)), match.group(4)
    # 4/5 is a rating and 24-7 no date: without a year only the dotted form counts, closed by its dot.
    if not year and not (match.group(2) == "." and match.group().endswith(".")):
        return None
    day, month = (second, first) if second > 12 else (first, second)
    try:
        found = date(2000 if not year else int(year) if len(year) == 4 else 2000 + int(year), month, day)
    except ValueError:
        return None
    return found.isoformat() if year else _nearest(found, today)


def _named(match: re.Match[str], today: date) -> str:
    return (today + timedelta(days=_NAMED[match.group().lower()])).isoformat()


def _shifted(match: re.Match[str], today: date, sign: int) -> str | None:
    written, unit = match.group("count").lower(), match.group("unit").lower()
    count = int(written) if written.isdigit() else _COUNTS[written]
    if unit in ("minute", "hour"):
        return today.isoformat()
    step = relativedelta(**{"days" if unit == "night" else f"{unit}s": sign * count})
    try:
        return (today + step).isoformat()
    except (ValueError, OverflowError):
        return None


def _weekday(match: re.Match[str], today: date) -> str:
    which = (match.group("which") or "").lower()
    ahead = (_WEEKDAYS.index(match.group("day").lower()) - today.weekday()) % 7
    if which in ("next", "coming"):
        return (today + timedelta(days=ahead or 7)).isoformat()
    if which in ("last", "past"):
        return (today - timedelta(days=(7 - ahead) or 7)).isoformat()
    # "It came on Friday", "will it come on Friday": the nearer one, the past one at a tie.
    return (today + timedelta(days=ahead if ahead <= 3 else ahead - 7)).isoformat()


def _span(match: re.Match[str], today: date) -> str:
    which, unit = match.group("which").lower(), match.group("unit").lower()
    shift = -1 if which in ("last", "past", "previous") else 1 if which in ("next", "coming") else 0
    if unit == "year":
        return str(today.year + shift)
    if unit == "month":
        return f"{today + relativedelta(months=shift):%Y-%m}"
    moved = today + timedelta(weeks=shift)
    if unit == "weekend":
        return (moved + timedelta(days=5 - moved.weekday())).isoformat()
    year, week, _ = moved.isocalendar()
    return f"{year}-W{week:02}"


def _month(match: re.Match[str], today: date) -> str | None:
    written, which = match.group("month"), (match.group("which") or "").lower()
    # "may" and "march" are words too: only capital, or behind one that goes with a month.
    if written.lower() in ("may", "march") and not which and not match.group("year") and not written[0].isupper():
        return None
    if written == "May" and match.start() == 0 and not match.group("year"):
        return None
    number = _MONTHS.index(written.lower()) + 1
    if match.group("year"):
        return f"{match.group('year')}-{number:02}"
    year = today.year
    if which == "last" and number >= today.month:
        year -= 1
    elif which == "next" and number <= today.month:
        year += 1
    elif which not in ("last", "next"):
        year = int(_nearest(date(year, number, 15), today)[:4])
    return f"{year}-{number:02}"


def _nearest(day: date, today: date) -> str:
    """That day of the year which is nearest to today (29 February: in the nearest leap year)."""
    candidates = []
    for year in range(today.year - 4, today.year + 5):
        try:
            candidates.append(day.replace(year=year))
        except ValueError:
            continue
    return min(candidates, key=lambda candidate: abs((candidate - today).days)).isoformat()

"""Dates in a text, absolute and relative, as ISO 8601.

A day is `2024-05-03`. A span keeps the precision it was said with: a week `2024-W18`, a month `2024-05`, a
year `2024`. Without a year, the day nearest to today is meant: people speak of orders of the last and
deliveries of the next weeks.

Where a date stands is told by patterns, so that "you may cancel" and "4/5" are none and a message without a date costs
nothing. What it means is read by dateparser; its own search is slower and finds dates in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice

from dateparser.date import DateData, DateDataParser

from bot.nlu.found import Found

_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_COUNT = r"(?:\d{1,3}|an?|one|(?:a )?couple of|two|three|a few|four|five|six|seven|eight|nine|ten|twelve|fourteen)"
_YEAR = r"(?:19|20)\d\d"
_LAST, _NEXT = "last|past|previous", "next|coming"

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
_SHIFTED = re.compile(
    rf"\b{_COUNT} (?:day|night|week|month|year)s? ago\b|\bin {_COUNT} (?:day|week|month|year)s?\b(?! time)",
    re.IGNORECASE,
)
_SOON = re.compile(
    rf"\b(?:half an hour|{_COUNT} (?:minute|hour)s?) ago\b|\bin {_COUNT} hours?\b(?! time)", re.IGNORECASE
)
_ON_WEEKDAY = re.compile(rf"\b(?<!\bblack )(?:(?P<which>{_LAST}|{_NEXT}|this) )?{_WEEKDAY}\b", re.IGNORECASE)
_SPAN = re.compile(rf"\b(?:{_LAST}|{_NEXT}|this|current) (?P<unit>week|weekend|month|year)\b", re.IGNORECASE)
_NAMED_DAY = re.compile(
    r"\b(?:(?:the )?day before yesterday|yesterday|last night|today|this (?:morning|afternoon|evening)|tonight"
    r"|(?:the )?day after tomorrow|tomorrow)\b",
    re.IGNORECASE,
)
_CHRISTMAS = re.compile(r"\b(christmas(?: eve| day)?)\b(?! (?:gift|present|tree))", re.IGNORECASE)

# Said one way for dateparser, which does not know the other.
_SAID = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), said)
    for pattern, said in (
        ("(?:a )?couple of", "2"), ("a few", "3"), ("the|of", ""), ("past|previous", "last"), ("coming", "next"),
        ("current", "this"), ("weekend", "week"), ("nights", "days"), ("night(?= ago)", "day"),
    )
)  # fmt: skip
_SETTINGS = {"DATE_ORDER": "DMY", "PARSERS": ["relative-time", "absolute-time"]}


# Each costs half a millisecond and more: no message may keep others waiting.
MOST_DATES = 20


def find_dates(text: str, today: date) -> list[Found]:
    """Values relative to `today`. A numeric date is read day first (3/5 is 3 May), unless only the other can be."""
    read = islice(_values(text, today), MOST_DATES)
    return [Found("date", *span, value) for span, value in read if value is not None]


def warm_up() -> None:
    """dateparser reads its tables with the first date; a tenth of a second that no customer needs to wait for."""
    find_dates("today", date.today())


def _values(text: str, today: date) -> Iterator[tuple[tuple[int, int], str | None]]:
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], str | None]], ...] = (
        (_ISO, _iso), (_NUMERIC, _numeric), (_DAY_MONTH, _day), (_MONTH_DAY, _day), (_NAMED_DAY, _relative),
        (_SHIFTED, _relative), (_SOON, _today), (_ON_WEEKDAY, _on_weekday), (_SPAN, _span), (_CHRISTMAS, _christmas),
    )  # fmt: skip
    for pattern, reader in readers:
        for match in pattern.finditer(text):
            yield match.span(), reader(match, today)
    for match in _MONTH_ALONE.finditer(text):
        yield match.span("month"), _month(match, today)
    for match in _YEAR_ALONE.finditer(text):
        yield match.span("year"), match.group("year")


def _iso(match: re.Match[str], _: date) -> str | None:
    try:
        return date.fromisoformat(match.group()).isoformat()
    except ValueError:
        return None


def _numeric(match: re.Match[str], today: date) -> str | None:
    # 4/5 is a rating and 24-7 no date: without a year only the dotted form counts, closed by its dot.
    if not match.group(4) and not (match.group(2) == "." and match.group().endswith(".")):
        return None
    return _nearest(match.group(), today)


def _day(match: re.Match[str], today: date) -> str | None:
    return _nearest(match.group(), today)


def _relative(match: re.Match[str], today: date) -> str | None:
    read = _read(match.group(), today)
    return None if read is None else read.isoformat()


def _today(_: re.Match[str], today: date) -> str:
    return today.isoformat()


def _on_weekday(match: re.Match[str], today: date) -> str | None:
    # "It came on Friday", "will it come on Friday": the nearer one.
    which = (match.group("which") or "this").lower()
    return _nearest(match.group().split()[-1], today) if which == "this" else _relative(match, today)


def _span(match: re.Match[str], today: date) -> str | None:
    unit = match.group("unit").lower()
    read = _read(match.group(), today)
    if read is None:
        return None
    if unit == "weekend":
        return (read + timedelta(days=5 - read.weekday())).isoformat()
    return read.strftime({"week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[unit])


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
        return (_nearest(f"15 {written}", today) or "")[:7] or None
    return f"{year}-{number:02}"


def _christmas(_: re.Match[str], today: date) -> str | None:
    return _nearest("25 December", today)


def _nearest(written: str, today: date) -> str | None:
    """Of the days that may be meant, the one nearest to today (29 February: in the nearest leap year)."""
    read = (_read(written, today, prefer) for prefer in ("past", "current_period", "future"))
    days = [day for day in read if day is not None]
    return min(days, key=lambda day: abs((day - today).days)).isoformat() if days else None


@lru_cache(maxsize=1024)
def _read(written: str, today: date, prefer: str = "current_period") -> date | None:
    for pattern, said in _SAID:
        written = pattern.sub(said, written)
    found: DateData = _parser(today, prefer).get_date_data(" ".join(written.split()))
    return None if found.date_obj is None else found.date_obj.date()


@lru_cache(maxsize=8)
def _parser(today: date, prefer: str) -> DateDataParser:
    relative = {"RELATIVE_BASE": datetime.combine(today, time(12)), "PREFER_DATES_FROM": prefer}
    return DateDataParser(languages=["en"], settings={**_SETTINGS, **relative})

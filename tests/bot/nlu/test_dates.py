from __future__ import annotations

from datetime import date

import pytest

from bot.nlu.dates import find_dates
from bot.nlu.found import without_overlaps

TODAY = date(2024, 5, 15)  # a Wednesday


def dates(text: str, today: date = TODAY) -> list[str | int]:
    longest = sorted(find_dates(text, today), key=lambda each: each.start - each.end)
    return [each.value for each in without_overlaps(longest)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-05-03", "2024-05-03"),
        ("03.05.2024", "2024-05-03"),
        ("3/5/2024", "2024-05-03"),
        ("5/23/2024", "2024-05-23"),
        ("on 24.12.", "2023-12-24"),
        ("May 3rd", "2024-05-03"),
        ("the 3rd of May 2023", "2023-05-03"),
        ("3 December", "2023-12-03"),
        ("29 February", "2024-02-29"),
        ("today", "2024-05-15"),
        ("yesterday", "2024-05-14"),
        ("the day before yesterday", "2024-05-13"),
        ("tomorrow", "2024-05-16"),
        ("two weeks ago", "2024-05-01"),
        ("a month ago", "2024-04-15"),
        ("a couple of weeks ago", "2024-05-01"),
        ("half an hour ago", "2024-05-15"),
        ("three nights ago", "2024-05-12"),
        ("in 3 days", "2024-05-18"),
        ("last Monday", "2024-05-13"),
        ("last Wednesday", "2024-05-08"),
        ("the previous Wednesday", "2024-05-08"),
        ("this Wednesday", "2024-05-15"),
        ("next Friday", "2024-05-17"),
        ("on Tuesday", "2024-05-14"),
        ("last week", "2024-W19"),
        ("next weekend", "2024-05-25"),
        ("this month", "2024-05"),
        ("last year", "2023"),
        ("in January", "2024-01"),
        ("in March 2023", "2023-03"),
        ("from 2023", "2023"),
    ],
)
def test_dates_are_iso(text: str, value: str) -> None:
    assert dates(text) == [value]


@pytest.mark.parametrize("text", ["2024-02-30", "31.04.2024", "you may cancel", "4/5", "1.7 l", "march on", "24/7"])
def test_what_is_no_date(text: str) -> None:
    assert dates(text) == []


def test_the_turn_of_the_year() -> None:
    assert dates("delivered on 30 December", date(2025, 1, 3)) == ["2024-12-30"]
    assert dates("arrives on 3 January", date(2024, 12, 30)) == ["2025-01-03"]

"""Dates of a column of texts, in whatever order a table writes day, month and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def read_dates(texts: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """Dates, UTC without zone; NaT where the text is none. And in which rows day and month were exchanged.

    Year first is read as such; of `3/4/2011` the column's other values tell which is the day. A month above 12 is the
    day, exchanged.
    """
    import pandas as pd

    found = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True).dt.tz_localize(None)
    exchanged = pd.Series(False, index=texts.index)
    left = texts[found.isna() & texts.notna()]
    if not left.empty:
        read, turned = _other_dates(left)
        found = found.copy()
        found.update(read)
        exchanged.update(turned)
    return found, exchanged.astype(bool)


def _other_dates(left: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[bool]]:
    import pandas as pd

    parts = left.str.extract(r"^\s*(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[ T](.*))?\s*$")
    first, second, third = (pd.to_numeric(parts[each], errors="coerce") for each in range(3))
    time = parts[3].fillna("").str.strip()
    year_first = first >= 1000
    day_first = bool((first[~year_first] > 12).sum() >= (second[~year_first] > 12).sum())
    year = first.where(year_first, third)
    month = second.where(year_first | day_first, first)
    day = third.where(year_first, first if day_first else second)
    turned = (month > 12) & (day <= 12)
    month, day = month.where(~turned, day), day.where(~turned, month)
    ok = year.notna() & month.notna() & day.notna()
    text = [
        f"{int(y):04}-{int(m):02}-{int(d):02} {t}".strip() if good else None
        for y, m, d, t, good in zip(year, month, day, time, ok, strict=True)
    ]
    written_out = left.str.contains("[A-Za-z]{3}", na=False) & left.str.contains(r"\d{4}", na=False)  # 3 May 2024
    told = pd.Series(text, index=left.index, dtype="string").where(ok, left.where(written_out))
    read = pd.to_datetime(told, errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    return read, turned & read.notna()

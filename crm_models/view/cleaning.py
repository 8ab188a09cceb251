"""Rules that every imported table goes through: blanks and encoding, ids, dates, duplicates, currencies, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_models.table_dates import read_dates
from crm_models.view.changes import Changes

if TYPE_CHECKING:
    import pandas as pd

OLDEST = datetime(1900, 1, 1)
DEAREST = 1_000_000  # of one piece, in the shop's currency
_MOJIBAKE = "[\u00c2\u00c3][\u0080-\u00bf]"


def tidy_texts(table: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """Blanks around values and doubled ones go; UTF-8 that was read as Latin-1 is read again; empty becomes missing."""
    for name in table.columns:
        before = table[name]
        broken = before.str.contains(_MOJIBAKE, regex=True, na=False)
        if broken.any():
            mended = before[broken].map(_read_again)
            changes.changed("text was read in the wrong encoding", name, before[broken], mended)
            table.loc[broken, name] = mended
            before = table[name]
        after = before.str.replace(r"\s+", " ", regex=True).str.strip()
        differs = (before != after).fillna(False)
        changes.changed("blanks around or doubled", name, before[differs], after[differs])
        table[name] = after.mask(after == "")
    return table


def tidy_ids(table: pd.DataFrame, names: list[str], changes: Changes) -> pd.DataFrame:
    """`17850.0`, as a spreadsheet or another program writes a number, becomes `17850`.

    No line of the report for each: the value is the same number.
    """
    for name in names:
        if name in table:
            table[name] = table[name].str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return table


def drop(table: pd.DataFrame, wrong: pd.Series[bool], rule: str, changes: Changes) -> pd.DataFrame:
    """Refuse the rows where `wrong` holds."""
    wrong = wrong.reindex(table.index).fillna(False).astype(bool)
    changes.refused(rule, table.index[wrong].unique())
    return table[~wrong]


def drop_missing(table: pd.DataFrame, names: list[str], changes: Changes) -> pd.DataFrame:
    """Refuse rows without one of these."""
    for name in names:
        table = drop(table, table[name].isna(), f"missing {name}", changes)
    return table


def drop_repeated(table: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """Refuse rows that say in all fields what an earlier row says, capitals aside."""
    folded = table.apply(lambda column: column.str.casefold())
    exact, near = table.duplicated(), folded.duplicated()
    rest = drop(table, exact, "exact duplicate of an earlier row", changes)
    return drop(rest, near & ~exact, "near duplicate of an earlier row (capitals)", changes)


def dates(texts: pd.Series[Any], name: str, changes: Changes, now: datetime) -> pd.Series[Any]:
    """Dates; missing where the text is none, or one that is impossible (before 1900 or in the future).

    Year first is read as such; of `3/4/2011` the column's other values tell which is the day. A month above 12 is the
    day, exchanged.
    """
    found, exchanged = read_dates(texts)
    changes.changed("day and month exchanged", name, texts[exchanged], found[exchanged].astype("string"))
    return found.where((found >= OLDEST) & (found <= now))


def numbers(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers of texts such as `1,234.50`, `1.234,50`, `EUR 3` or `(2)`; missing where there is none."""
    import pandas as pd

    plain = pd.to_numeric(texts.astype(object), errors="coerce").astype("float64")
    left = texts[plain.isna() & texts.notna()]
    if left.empty:
        return plain
    signs = left.str.replace(r"^\((.*)\)$", r"-\1", regex=True).str.replace(r"[^\d,.\-]", "", regex=True)
    comma_last = signs.str.rfind(",") > signs.str.rfind(".")
    # One comma before exactly three digits parts thousands.
    thousands = signs.str.fullmatch(r"-?\d{1,3}(,\d{3})+", na=False)
    german = signs.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    english = signs.str.replace(",", "", regex=False)
    chosen = german.where(comma_last & ~thousands, english)
    read = pd.to_numeric(chosen.astype(object), errors="coerce").astype("float64")
    return plain.where(plain.notna(), read.reindex(plain.index))


def in_shop_currency(table: pd.DataFrame, currency: str, rates: Mapping[str, float], changes: Changes) -> pd.DataFrame:
    """Multiply `price` by the rate of the row's currency; a currency without a rate is refused by its name.

    Args:
        rates: what one unit is worth in the shop's `currency`, by code.
    """
    if "currency" not in table:
        return table
    codes = table["currency"].str.upper().fillna(currency)
    known = {**rates, currency: 1.0}
    for code in sorted(set(codes) - set(known)):
        table = drop(table, codes.reindex(table.index) == code, f"no rate for the currency {code}", changes)
    codes = codes.reindex(table.index)
    foreign = codes != currency
    if foreign.any():
        before = table.loc[foreign, "price"]
        after = before * codes[foreign].map(known).astype(float)
        changes.changed(f"converted to {currency}", "price", _priced(before, codes[foreign]), after.astype(str))
        table = table.copy()
        table.loc[foreign, "price"] = after
    return table


def _priced(prices: pd.Series[Any], codes: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series([f"{price} {code}" for price, code in zip(prices, codes, strict=True)], index=prices.index)


def _read_again(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text

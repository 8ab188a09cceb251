"""Tables of the user's own in CSV or Parquet: read, and refused with every mistake in one message.

What a table must keep to depends on what is learned from it; each rule gives a sentence that names the column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crm_models.errors import BadTable
from crm_models.table_dates import read_dates
from crm_models.table_files import read_csv, read_parquet, shown_names

ID = "customer_id"
FEWEST_ROWS = 50
_NUMBERS = 0.95  # share of a column's texts that are numbers, from which on the others are mistakes
_TELLS_ALL = 0.999  # AUC of one column alone
_HARDLY_ANY, _MANY = 0.001, 0.5  # shares of the rows of a target's value that a column is filled in for
_SHOWN = 3  # examples in a message


@dataclass(frozen=True)
class CustomerTable:
    """What a table with one row a customer must have.

    `target` has two values, of which `arms` (`treated`, `control`) may name those that count.
    """

    targets: tuple[str, ...] = ()  # columns with two values
    arms: tuple[str, tuple[str, str]] | None = None  # of one of them: the two values that count among others
    drop: tuple[str, ...] = ()  # columns that are not to be read
    id_column: str | None = None  # else `customer_id` where there is one, else the row's number
    fewest: int = FEWEST_ROWS  # to learn from; to score, one is enough


@dataclass(frozen=True)
class PurchaseTable:
    """What a table with one row a purchase must have: the names of its columns."""

    customer: str = ID
    date: str = "date"
    amount: str = "amount"


def read_table(path: Path, texts: Collection[str] = ()) -> pd.DataFrame:
    """All columns as they are; texts and numbers as pandas reads them.

    Args:
        texts: columns that are texts whatever stands in them, such as ids, of which `007` is no number.

    Raises:
        BadTable: the file cannot be read, holds no rows, or two columns have the same name.
    """
    if path.name.lower().endswith((".csv", ".csv.gz")):
        table = read_csv(path, low_memory=False, dtype=dict.fromkeys((ID, *texts), str))
    elif path.suffix.lower() == ".parquet":
        table = read_parquet(path)
    else:
        raise BadTable(f"{path} is neither .csv (or .csv.gz) nor .parquet; save the table as one of these.")
    if table.empty:
        raise BadTable(f"{path} holds no rows below the names of its columns.")
    return table


def check_customers(table: pd.DataFrame, needs: CustomerTable) -> pd.DataFrame:
    """The table with the customers' ids, texts, as its index `customer_id`, without the dropped columns.

    Raises:
        BadTable: every mistake, each with its column and rule.
    """
    id_column = needs.id_column or (ID if ID in table else None)
    wanted = [*needs.targets, *needs.drop, *([id_column] if id_column else [])]
    mistakes = _lacking(table, wanted)
    if len(table) < needs.fewest:
        mistakes.append(f"{needs.fewest} rows are needed, and there are {len(table)}")
    if id_column in table:
        mistakes += _ids(table[id_column], once=True)
    rest = table.drop(columns=[name for name in needs.drop if name in table])
    for name in needs.targets:
        if name in rest:
            mistakes += _two_values(rest[name], needs.arms[1] if needs.arms and needs.arms[0] == name else None)
    features = [str(name) for name in rest.columns if name not in (*needs.targets, id_column)]
    mistakes += _each(rest, features, (_infinite, _mixed, _lists))
    if not mistakes and len(needs.targets) == 1:
        mistakes += _each(rest, features, (lambda column: _gives_away(column, rest[needs.targets[0]]),))
    _refuse(mistakes)
    if id_column is None:
        return rest.set_index(pd.Index([str(number) for number in range(1, len(rest) + 1)], name=ID))
    return rest.drop(columns=id_column).set_index(pd.Index(_texts(table[id_column]), name=ID))


def check_purchases(table: pd.DataFrame, needs: PurchaseTable, now: datetime) -> pd.DataFrame:
    """The columns `customer_id` (text), `date` (datetime) and `amount` (float), a row a purchase.

    Raises:
        BadTable: every mistake, each with its column and rule.
    """
    mistakes = _lacking(table, [needs.customer, needs.date, needs.amount])
    _refuse(mistakes)
    dates = _days(table[needs.date])
    amounts = pd.to_numeric(table[needs.amount], errors="coerce")
    mistakes += _ids(table[needs.customer], once=False)
    mistakes += _wrong(table[needs.date], dates.isna(), "must be a date, such as 2024-05-31")
    mistakes += _wrong(table[needs.date], dates > pd.Timestamp(now), "must not lie in the future")
    mistakes += _wrong(table[needs.date], dates < pd.Timestamp(1970, 1, 1), "must lie after 1970")
    mistakes += _wrong(table[needs.amount], ~np.isfinite(amounts), "must be a number")
    if len(amounts) and not (amounts > 0).any():
        mistakes.append(f"{needs.amount} has no amount above 0")
    _refuse(mistakes)
    return pd.DataFrame({ID: _texts(table[needs.customer]), "date": dates, "amount": amounts.astype(np.float64)})


def _refuse(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise BadTable(f"The table cannot be used: {'; '.join(mistakes)}.")


def _lacking(table: pd.DataFrame, names: Iterable[str]) -> list[str]:
    lacking = [name for name in names if name not in table]
    return [f"there is no column {', '.join(lacking)} among {shown_names(table.columns)}"] if lacking else []


def _ids(ids: pd.Series[Any], once: bool) -> list[str]:
    mistakes = _wrong(ids, ids.isna() | (_stripped(ids) == ""), "must not be empty", shown=False)
    if once:
        mistakes += _wrong(ids, ids.duplicated(keep="first") & ids.notna(), "must be of one row only")
    return mistakes


def _two_values(column: pd.Series[Any], arms: tuple[str, str] | None) -> list[str]:
    values = sorted(set(_texts(column.dropna())) - {""})
    if arms is not None:
        lacking = [arm for arm in arms if arm not in values]
        return [f"{column.name} has no value {', '.join(lacking)}; it has {_some(values)}"] if lacking else []
    if len(values) == 2:
        return []
    return [f"{column.name} must have two values; it has {len(values)}: {_some(values)}"]


def _each(
    table: pd.DataFrame, names: Iterable[str], rules: tuple[Callable[[pd.Series[Any]], list[str]], ...]
) -> list[str]:
    return [mistake for name in names for rule in rules for mistake in rule(table[name])]


def _infinite(column: pd.Series[Any]) -> list[str]:
    if not pd.api.types.is_float_dtype(column):
        return []
    return _wrong(column, pd.Series(np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))), "must be finite")


def _mixed(column: pd.Series[Any]) -> list[str]:
    """Numbers among which some are not; blanks count as missing."""
    if column.dtype != object:
        return []
    said = _stripped(column.astype(object).where(column.notna(), ""))
    present = said != ""
    odd = present & pd.to_numeric(said, errors="coerce").isna()
    if not odd.any() or not present.any() or odd.sum() > (1 - _NUMBERS) * present.sum():
        return []
    return _wrong(column, odd, "must be a number as in the other rows, or empty")


def _lists(column: pd.Series[Any]) -> list[str]:
    """Parquet can hold lists and records in a cell, of which no model knows what they mean."""
    if column.dtype != object:
        return []
    nested = column.map(lambda value: isinstance(value, list | dict | np.ndarray))
    return _wrong(column, nested, "must be numbers or texts; leave it out by --drop", shown=False)


def _gives_away(column: pd.Series[Any], target: pd.Series[Any]) -> list[str]:
    """A column that knows the outcome was filled in afterwards: what is learned from it is worth nothing.

    By its values, or by whether there is one: the day or the reason of leaving stands only with those who left.
    """
    known = target.notna()
    empty = column.isna() | (_stripped(column) == "" if column.dtype == object else False)
    if _tells(column[known], target[known]) or _filled_for_one(~empty[known], target[known]):
        return [f"{column.name} tells {target.name} by itself, so it was filled in afterwards; leave it out by --drop"]
    return []


def _tells(values: pd.Series[Any], target: pd.Series[Any]) -> bool:
    truth = target.astype(str)
    # of a text, by the share of each value; an id's values would tell everything and mean nothing
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        if values.nunique() > len(values) / 10:
            return False
        values = values.astype(str).map((truth == truth.iloc[0]).groupby(values.astype(str)).mean())
    ranks = values.astype(float).rank()
    first = truth == truth.iloc[0]
    positives, negatives = int(first.sum()), int((~first).sum())
    present = ranks.notna() & (values.notna())
    if not positives or not negatives or not present.all():
        return False
    auc = (float(ranks[first].sum()) - positives * (positives + 1) / 2) / (positives * negatives)
    return max(auc, 1 - auc) >= _TELLS_ALL


def _filled_for_one(filled: pd.Series[bool], target: pd.Series[Any]) -> bool:
    """Whether the rows of one value say something, half of them at least, and those of the other do not."""
    shares = sorted(filled.groupby(target.astype(str)).mean())
    return len(shares) == 2 and shares[0] <= _HARDLY_ANY and shares[1] >= _MANY


def _wrong(column: pd.Series[Any], bad: pd.Series[bool], rule: str, shown: bool = True) -> list[str]:
    places = np.flatnonzero(bad.to_numpy(dtype=bool))
    if not len(places):
        return []
    rows = ", ".join(f"row {place + 1}" + (f" ({column.iloc[place]!r})" if shown else "") for place in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    return [f"{column.name} {rule}, against {rows}{more}"]


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")


def _texts(ids: pd.Series[Any]) -> list[str]:
    """As they are written; a whole number without a fraction."""
    if pd.api.types.is_float_dtype(ids) and (ids.dropna() % 1 == 0).all():
        return [str(int(each)) for each in ids]
    return [str(each).strip() for each in ids]


def _stripped(column: pd.Series[Any]) -> pd.Series[str]:
    return pd.Series([str(each).strip() for each in column], index=column.index, dtype=object)


def _days(column: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    """Dates, UTC without zone; NaT for what is none. A number such as 20240531 is read as it is written."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True).dt.tz_localize(None)
    if pd.api.types.is_numeric_dtype(column):
        column = column.map(lambda value: f"{value:.0f}", na_action="ignore")
    return read_dates(column.astype("string"))[0]

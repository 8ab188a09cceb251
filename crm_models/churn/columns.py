"""What the columns of a user's table are: numbers, categories, or nothing that a model may read.

Every column becomes one float: the number itself, or the position of the category among those of training. What is
missing, and a category that training never saw, is NaN.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.table_dates import read_dates

_MOST_LEVELS = 40  # of a category; rarer ones are read as unknown
_NUMBERS = 0.95  # share of the texts that are numbers, from which on a column is one (a blank is missing)
_ID_ROWS = 50  # fewer rows say nothing about whether a column counts the rows

_DATES_LOOKED_AT = 1_000  # values of a column, to tell whether it holds dates
_ID_NAME = re.compile(
    r"(^|[_\s])(id|uuid|guid|key|nr|no|n°|num|number|index)$|[a-z](ID|Id|Nr)$|(num|nummer|numéro)$", re.IGNORECASE
)
# In the languages that tables of European shops are written in.
_PERSON_NAME = re.compile(
    r"^(first|last|sur|given|family|full|user|customer)?[_\s]?name$|e-?mail(_?address)?$|^(tele|mobile)?_?phone(_?(number|no))?$|"
    r"^(street|address\w*|iban|passport\w*)$|"
    r"social[_\s]?security|^ssn$|"
    r"^(vor|nach|familien|kunden)name$|^(e-?mail|mail)-?adresse$|^(telefon|handy|mobil)(nummer)?$|^(stra(ß|ss)e|an?schrift|adresse)$|"
    r"^(nom|prénom|courriel|téléphone|rue|nombre|apellidos?|correo|teléfono|dirección|calle)$",
    re.IGNORECASE,
)
_PROTECTED_NAME = re.compile(
    r"^(ethnic\w*|disab\w*|sexual\w*|political\w*|ethnie|\w*behinderung)$|"
    r"(^|[_\W])(gender|sex|race|religion|nationality|geschlecht|konfession|nationalität|staatsangehörigkeit|staatsbürgerschaft|"
    r"sexe|nationalité|sexo|género|religión|nacionalidad)($|[_\W])|(?-i:[a-z](Gender|Sex|Race|Religion|Nationality)$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """`levels` are the categories in the order of their codes, None for a number."""

    name: str
    levels: tuple[str, ...] | None = None

    def codes(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Float (rows,); NaN for what is missing or unknown.

        Raises:
            BadTable: the column is one of numbers, and texts stand in it instead.
        """
        if self.levels is None:
            if not _is_number(values) and any(text is not None for text in as_texts(values)):
                said = next(
                    text
                    for text, number in zip(as_texts(values), as_numbers(values), strict=True)
                    if text is not None and np.isnan(number)
                )
                raise BadTable(
                    f"{self.name} was a column of numbers when the model was trained, and now it says {said!r}; "
                    "write numbers as then."
                )
            numbers = np.array(as_numbers(values), dtype=np.float64)
            numbers[~np.isfinite(numbers)] = np.nan
            return numbers
        position: dict[str | None, float] = {level: float(number) for number, level in enumerate(self.levels)}
        return np.array([position.get(text, np.nan) for text in as_texts(values)], dtype=np.float64)


@dataclass(frozen=True)
class Schema:
    """Columns that are read, and a sentence for each that is not."""

    columns: tuple[Column, ...]
    ignored: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pd.DataFrame, target: str, keep: Collection[str] = ()) -> Self:
        """Decide for every column but the target.

        Args:
            keep: columns to use although their name says that they are protected.

        Raises:
            BadTable: nothing is left to learn from, or a column to keep is not there.
        """
        lacking = sorted(set(keep) - set(table.columns))
        if lacking:
            raise BadTable(f"The table has no column {', '.join(lacking)} to keep; it has {', '.join(table.columns)}.")
        columns, ignored = [], []
        for name in (str(each) for each in table.columns if each != target):
            why = None if name in keep else _why_not(name, table[name])
            if why:
                ignored.append(f"{name} is ignored: {why}.")
            else:
                columns.append(_column(name, table[name]))
        if not columns:
            raise BadTable(f"The table has no column to learn {target} from. {' '.join(ignored)}".strip())
        return cls(tuple(columns), tuple(ignored))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def codes(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Float (rows, columns).

        Raises:
            BadTable: names the columns that are missing.
        """
        lacking = [name for name in self.names if name not in table]
        if lacking:
            raise BadTable(f"The table lacks {', '.join(lacking)}, which the model was trained with.")
        return np.column_stack([column.codes(table[column.name]) for column in self.columns])

    def as_json(self) -> list[dict[str, Any]]:
        return [{"name": each.name, "levels": each.levels} for each in self.columns]

    @classmethod
    def from_json(cls, rows: list[Mapping[str, Any]], ignored: Collection[str] = ()) -> Self:
        columns = [Column(row["name"], None if row["levels"] is None else tuple(row["levels"])) for row in rows]
        return cls(tuple(columns), tuple(ignored))


def as_numbers(values: pd.Series[Any]) -> pd.Series[float]:
    """What is no number is NaN; true is 1."""
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object).map(lambda each: each.strip() if isinstance(each, str) else each)
    return pd.Series(pd.to_numeric(values, errors="coerce"), dtype=np.float64)


def as_texts(values: pd.Series[Any]) -> list[str | None]:
    """Categories as they are compared: trimmed; None for what is missing or blank. 1.0 and 1 are the same."""
    return [_text(each) for each in values.astype(object)]


def _text(value: Any) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value).strip() or None


def _why_not(name: str, values: pd.Series[Any]) -> str | None:
    """Why a column must not be read; None when it may."""
    if _PROTECTED_NAME.search(name):
        return "it names a protected characteristic"
    if _PERSON_NAME.search(name):
        return "it says who somebody is"
    present = values.dropna()
    if pd.api.types.is_datetime64_any_dtype(values) or _is_dates(present):
        return "it is a date; give the days since then as a number"
    distinct = present.astype(str).nunique()
    if len(present) == 0:
        return "it is empty"
    if distinct == 1:
        return "it is the same in every row"
    once = len(present) >= _ID_ROWS and distinct == len(present) and _is_count(present)
    if once and (_ID_NAME.search(name) or _counts_on(present)):
        return "it numbers the rows"
    if not _is_number(values) and len(present) >= _ID_ROWS and distinct > max(len(present) / 2, _MOST_LEVELS):
        return "nearly every row has its own text"
    return None


def _column(name: str, values: pd.Series[Any]) -> Column:
    if _is_number(values):
        return Column(name)
    counts = pd.Series([text for text in as_texts(values) if text is not None]).value_counts()
    common = sorted(counts.index, key=lambda level: (-counts[level], level))[:_MOST_LEVELS]
    return Column(name, tuple(sorted(common)))


def _is_number(values: pd.Series[Any]) -> bool:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return True
    said = [text for text in as_texts(values) if text is not None]
    numbers = as_numbers(values).notna().sum()
    return len(said) > 0 and numbers >= _NUMBERS * len(said)


def _is_dates(present: pd.Series[Any]) -> bool:
    """Texts such as 31.05.2024, or the dates of Python in a Parquet file; a date apart from others means nothing."""
    if present.dtype != object or _is_number(present.iloc[:_DATES_LOOKED_AT]):
        return False
    texts = pd.Series([text for text in as_texts(present.iloc[:_DATES_LOOKED_AT]) if text], dtype="string")
    return len(texts) > 0 and bool(read_dates(texts)[0].notna().mean() >= _NUMBERS)


def _counts_on(present: pd.Series[Any]) -> bool:
    """Whether whole numbers run on without a gap, in any order."""
    numbers = as_numbers(present)
    return bool(numbers.notna().all() and numbers.max() - numbers.min() == len(numbers) - 1)


def _is_count(values: pd.Series[Any]) -> bool:
    """Texts and whole numbers can be ids; measurements cannot."""
    if not pd.api.types.is_float_dtype(values):
        return True
    return bool((values == values.round()).all())

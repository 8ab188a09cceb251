"""Columns of any table as standardised numbers: words become a column for each, long tails are drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.model import values_of

Floats = NDArray[np.float64]

_MOST_LEVELS = 20  # a column with more words is no group
_LONG_TAIL = 20.0  # columns with values beyond are told by their logarithm


@dataclass(frozen=True)
class Encoding:
    """`levels` are the words of each column of words; the arrays are float (numbers,)."""

    columns: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    long: Floats  # 1 where the logarithm is taken
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, columns: Sequence[str]) -> Self:
        """Learn levels, means and scales.

        Raises:
            BadTable: names a column that is missing, not finite, or of too many words.
        """
        levels = {name: _levels(table, name) for name in columns if name in table and _is_words(table[name])}
        numbers = _numbers(table, columns, levels)
        long = (np.abs(numbers).max(axis=0) > _LONG_TAIL).astype(np.float64)
        drawn = _drawn(numbers, long)
        scale = drawn.std(axis=0)
        return cls(tuple(columns), levels, long, drawn.mean(axis=0), np.where(scale > 1e-9, scale, 1.0))

    def apply(self, table: pd.DataFrame) -> Floats:
        """Standardised values, float (rows, numbers). A word that was not there in training is none of the words.

        Raises:
            BadTable: a column is missing or a value is not finite.
        """
        numbers = _numbers(table, self.columns, self.levels)
        return np.asarray((_drawn(numbers, self.long) - self.mean) / self.scale)

    @property
    def owners(self) -> tuple[str, ...]:
        """The column that each number comes from."""
        return tuple(name for name in self.columns for _ in self.levels.get(name, (name,)))

    def as_json(self) -> dict[str, Any]:
        return {"columns": list(self.columns), "levels": {name: list(words) for name, words in self.levels.items()}}


def _is_words(column: pd.Series[Any]) -> bool:
    return bool(column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype))


def _levels(table: pd.DataFrame, name: str) -> tuple[str, ...]:
    words = sorted({str(word) for word in table[name].dropna()})
    if len(words) > _MOST_LEVELS:
        raise BadTable(
            f"The column {name} has {len(words)} different words, more than {_MOST_LEVELS}: no groups to learn from. "
            "Leave it out, or group its values."
        )
    return tuple(words)


def _numbers(table: pd.DataFrame, columns: Sequence[str], levels: Mapping[str, tuple[str, ...]]) -> Floats:
    plain = tuple(name for name in columns if name not in levels)
    missing = [name for name in levels if name not in table]
    if missing:
        raise BadTable(f"The table for the uplift model lacks {', '.join(missing)}.")
    known = dict(zip(plain, values_of(table, plain, "uplift").T, strict=True))
    parts = []
    for name in columns:
        if name in levels:
            words = table[name].astype(str).to_numpy()
            parts += [(words == word).astype(np.float64) for word in levels[name]]
        else:
            parts.append(known[name])
    return np.stack(parts, axis=1) if parts else np.zeros((len(table), 0))


def _drawn(numbers: Floats, long: Floats) -> Floats:
    return np.where(long > 0, np.sign(numbers) * np.log1p(np.abs(numbers)), numbers)

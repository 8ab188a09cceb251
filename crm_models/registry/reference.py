"""How the inputs and scores of a model were distributed when it was trained, kept beside it for the drift check.

Nobody's values are kept: deciles rounded to three digits, shares, and of named values only those that many have.
Reading one needs no pandas, for the web's sake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadModel

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS = 50  # fewer say nothing about a distribution, and too much about a person
_FEWEST_OF_A_VALUE = 10  # rows; a rarer named value counts as one of the others
_DECILES = tuple(number / 10 for number in range(1, 10))
_OTHERS = "(others)"
_FILE = "reference.json"


@dataclass(frozen=True)
class Distribution:
    """Shares of the rows, by bins of numbers or by named values; missing ones are a bin of their own."""

    shares: tuple[float, ...]  # below the first edge, ..., above the last, missing
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] | None = None  # instead of edges; the last but one share is of the others

    @classmethod
    def of(cls, column: pd.Series[Any]) -> Distribution:
        """Edges or values from the column itself, as is right for its kind."""
        import pandas as pd

        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            known = column.dropna().to_numpy(dtype=np.float64)
            edges = tuple(sorted({_rounded(value) for value in np.quantile(known, _DECILES)})) if len(known) else ()
            return cls(_number_shares(column, edges), edges)
        counts = column.dropna().astype(str).value_counts()
        values = tuple(sorted(str(value) for value in counts.index[counts >= _FEWEST_OF_A_VALUE]))
        return cls(_value_shares(column, values), (), values)

    def shares_of(self, column: pd.Series[Any]) -> tuple[float, ...]:
        """Shares of other rows in the same bins."""
        if self.values is not None:
            return _value_shares(column, self.values)
        import pandas as pd

        return _number_shares(pd.to_numeric(column, errors="coerce"), self.edges)

    def bin_names(self) -> tuple[str, ...]:
        """What each share is of, for people."""
        if self.values is not None:
            return (*self.values, _OTHERS, "(missing)")
        if not self.edges:
            return ("any number", "(missing)")
        between = [f"{low:g} to {high:g}" for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)]
        return (f"up to {self.edges[0]:g}", *between, f"above {self.edges[-1]:g}", "(missing)")


@dataclass(frozen=True)
class Reference:
    rows: int
    inputs: Mapping[str, Distribution]  # by column
    score: Distribution
    label: Distribution


def reference_of(inputs: pd.DataFrame, scores: pd.Series[float], labels: pd.Series[str]) -> Reference | None:
    """None for too few rows."""
    if len(inputs) < FEWEST_ROWS:
        return None
    columns = {str(name): Distribution.of(inputs[name]) for name in inputs.columns}
    return Reference(len(inputs), columns, Distribution.of(scores), Distribution.of(labels))


def write_reference(folder: Path, reference: Reference) -> None:
    """Beside the model, in the folder of its version."""
    (folder / _FILE).write_text(json.dumps(asdict(reference), indent=1, ensure_ascii=False), encoding="utf-8")


def read_reference(folder: Path) -> Reference | None:
    """None where none was kept.

    Raises:
        BadModel: the file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        inputs = {name: _distribution(told) for name, told in fields["inputs"].items()}
        return Reference(fields["rows"], inputs, _distribution(fields["score"]), _distribution(fields["label"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadModel(f"{path} is no reference for the drift check ({error}). Run `rapport models train`.") from error


def _distribution(fields: Mapping[str, Any]) -> Distribution:
    values = fields["values"]
    return Distribution(tuple(fields["shares"]), tuple(fields["edges"]), None if values is None else tuple(values))


def _rounded(value: float) -> float:
    """To three digits that count."""
    return float(f"{value:.3g}")


def _number_shares(column: pd.Series[Any], edges: tuple[float, ...]) -> tuple[float, ...]:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    bins = np.searchsorted(np.array(edges), values[~missing], side="left")
    return _shares(np.bincount(bins, minlength=len(edges) + 1), int(missing.sum()))


def _value_shares(column: pd.Series[Any], values: tuple[str, ...]) -> tuple[float, ...]:
    known = column.dropna().astype(str)
    number = {value: index for index, value in enumerate(values)}
    bins = known.map(lambda value: number.get(value, len(values))).to_numpy(dtype=np.int64)
    return _shares(np.bincount(bins, minlength=len(values) + 1), len(column) - len(known))


def _shares(counts: NDArray[np.int64], missing: int) -> tuple[float, ...]:
    total = max(int(counts.sum()) + missing, 1)
    return tuple(float(count) / total for count in (*counts.tolist(), missing))

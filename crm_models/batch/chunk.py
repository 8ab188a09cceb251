"""The scores of one chunk of customers, as a table with a row for each customer and model.

Whatever engine runs it, the work is this function: a customer's scores depend on that customer's row alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from crm_models.errors import BadTable
from crm_models.model import CustomerModel

ROWS = 50_000  # of a chunk: enough to be fast, and some 100 MB of memory
# Reasons and details are JSON: an array of `column:value`, and an object.
COLUMNS = ("customer_id", "model", "value", "label", "reasons", "details", "model_version")
ID = COLUMNS[0]

Loadable = tuple[type[CustomerModel], Path]  # a kind of model, and the folder of the version


def score_chunk(models: Sequence[CustomerModel], table: pd.DataFrame) -> pd.DataFrame:
    """Scores of every customer in the table by every model, model by model.

    Args:
        table: index `customer_id`, with the columns of all the models.

    Raises:
        BadTable: a column is missing or a value is not finite.
    """
    parts = [_scores(model, table) for model in models]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


@lru_cache(maxsize=8)
def load_models(found: tuple[Loadable, ...]) -> tuple[CustomerModel, ...]:
    """The models, read once in each process."""
    return tuple(kind.load(folder) for kind, folder in found)


def check_columns(models: Sequence[CustomerModel], columns: Sequence[str]) -> None:
    """Refuse a table before anything is computed.

    Raises:
        BadTable: names for each model the columns that the table lacks.
    """
    lacking = {model.name: [name for name in model.columns if name not in columns] for model in models}
    told = [f"{name} needs {', '.join(missing)}" for name, missing in lacking.items() if missing]
    if told:
        raise BadTable(f"The table cannot be scored: {'; '.join(told)}. Add the columns, or name one model.")


def _scores(model: CustomerModel, table: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "customer_id": table.index.astype(str),
        "model": model.name,
        "value": model.predict(table).to_numpy(),
        "label": model.label(table).to_numpy(),
        "reasons": [json.dumps(reasons) for reasons in model.explain(table)],
        "details": _details(model, table),
        "model_version": model.version,
    }
    return pd.DataFrame(columns, columns=list(COLUMNS))


def _details(model: CustomerModel, table: pd.DataFrame) -> list[str | None]:
    told = model.details(table)
    if not len(told.columns):
        return [None] * len(table)
    names, columns = list(told.columns), [_plain(told[name]) for name in told.columns]
    return [json.dumps(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Python's own numbers and texts; six digits say all that an interval can."""
    if pd.api.types.is_float_dtype(column):
        return [float(f"{value:.6g}") for value in column.tolist()]
    return list(column.tolist())

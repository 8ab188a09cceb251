"""Scores of all customers, written where profile, offers and staff read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import delete, insert
from sqlalchemy.engine import Connection, Engine

from crm_models.churn import ChurnModel
from crm_models.database import reading
from crm_models.features import features_at
from crm_models.history import read_history
from crm_models.model import CustomerModel
from crm_models.segmentation import Segmentation
from crm_models.tables import predictions

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

MODELS: tuple[type[CustomerModel], ...] = (ChurnModel, Segmentation)
_CHUNK = 1000  # rows an insert


@dataclass(frozen=True)
class ScoreReport:
    scored: dict[str, int]  # customers by model
    missing: tuple[str, ...]  # models that were never trained


def score_all(engine: Engine, folder: Path, now: datetime, progress: Progress | None = None) -> ScoreReport:
    """Score every customer with an order as of `now`, and replace the earlier scores, all or none.

    Scores of a model that is not in `folder` any more are removed: nobody is served by a model that is gone.

    Args:
        folder: the customer models, a folder each, as `train_all` writes them.
    """
    present = [model for model in MODELS if (folder / model.name).exists()]
    loaded = [model.load(folder / model.name) for model in present]
    rows: dict[str, list[dict[str, Any]]] = {}
    if loaded:
        with reading(engine) as connection:
            table = features_at(read_history(connection), now)
        for number, model in enumerate(loaded, start=1):
            rows[model.name] = _rows(model, table, now)
            if progress is not None:
                progress("scores", number, len(loaded))
    with engine.begin() as connection:
        for kind in MODELS:
            _replace(connection, kind.name, rows.get(kind.name, []))
    return ScoreReport(
        scored={name: len(scored) for name, scored in rows.items()},
        missing=tuple(model.name for model in MODELS if model not in present),
    )


def _rows(model: CustomerModel, table: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    told = zip(table.index, model.predict(table), model.label(table), model.explain(table), strict=True)
    return [
        {
            "customer_id": str(customer_id),
            "model": model.name,
            "value": float(value),
            "label": str(label),
            "reasons": list(reasons),
            "model_version": model.version,
            "scored_at": now,
        }
        for customer_id, value, label, reasons in told
    ]


def _replace(connection: Connection, model: str, rows: list[dict[str, Any]]) -> None:
    connection.execute(delete(predictions).where(predictions.c.model == model))
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert(predictions), rows[start : start + _CHUNK])

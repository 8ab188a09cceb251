"""Scores of all customers, written where profile, offers and staff read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import delete, insert
from sqlalchemy.engine import Connection, Engine

from crm_models.churn.model import ChurnModel
from crm_models.errors import UnknownModel
from crm_models.model import CustomerModel
from crm_models.registry.drift import DriftReport, drift_of
from crm_models.registry.reference import read_reference
from crm_models.registry.versions import current_folder
from crm_models.segments.model import Segmentation
from crm_models.segments.stage import LifecycleStage
from crm_models.snapshot import ShopSnapshot
from crm_models.tables import predictions
from crm_models.training import Progress
from crm_models.value.model import LifetimeValue

# Every model that scores customers.
MODELS: tuple[type[CustomerModel], ...] = (ChurnModel, Segmentation, LifecycleStage, LifetimeValue)
_CHUNK = 1000  # rows an insert


@dataclass(frozen=True)
class ScoreReport:
    scored: dict[str, int]  # customers by model
    missing: tuple[str, ...]  # models that were never trained


def score_all(engine: Engine, folder: Path, now: datetime, progress: Progress | None = None) -> ScoreReport:
    """Score every customer as of `now`, and replace the earlier scores, all or none.

    Scores of a model that is not in `folder` any more are removed: nobody is served by a model that is gone.

    Args:
        folder: the customer models and their versions, as `train_all` writes them.
    """
    folders = {kind: current_folder(folder, kind.name) for kind in MODELS}
    loaded = [kind.load(there) for kind, there in folders.items() if there is not None]
    rows: dict[str, list[dict[str, Any]]] = {}
    shop = ShopSnapshot(engine, now)
    for number, model in enumerate(loaded, start=1):
        rows[model.name] = _rows(model, model.table_of(shop), now)
        if progress is not None:
            progress("scores", number, len(loaded))
    with engine.begin() as connection:
        for kind in MODELS:
            _replace(connection, kind.name, rows.get(kind.name, []))
    return ScoreReport(
        scored={name: len(scored) for name, scored in rows.items()},
        missing=tuple(kind.name for kind, there in folders.items() if there is None),
    )


def _rows(model: CustomerModel, table: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    details = model.details(table)
    told = zip(
        table.index,
        model.predict(table),
        model.label(table),
        model.explain(table),
        details.to_dict("records") if len(details.columns) else [None] * len(table),
        strict=True,
    )
    return [
        {
            "customer_id": str(customer_id),
            "model": model.name,
            "value": float(value),
            "label": str(label),
            "reasons": list(reasons),
            "details": more,
            "model_version": model.version,
            "scored_at": now,
        }
        for customer_id, value, label, reasons, more in told
    ]


def _replace(connection: Connection, model: str, rows: list[dict[str, Any]]) -> None:
    connection.execute(delete(predictions).where(predictions.c.model == model))
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert(predictions), rows[start : start + _CHUNK])


def drift_reports(engine: Engine, folder: Path, now: datetime, name: str | None = None) -> tuple[DriftReport, ...]:
    """Of every model in use with a reference, or of the one named: today's customers beside those of the training.

    Raises:
        UnknownModel: no model that scores customers has this name.
    """
    if name is not None and name not in {kind.name for kind in MODELS}:
        names = ", ".join(kind.name for kind in MODELS)
        raise UnknownModel(f"No model that scores customers is called {name!r}; choose one of {names}.")
    shop = ShopSnapshot(engine, now)
    reports = []
    for kind in MODELS:
        there = current_folder(folder, kind.name)
        reference = None if there is None or name not in (None, kind.name) else read_reference(there)
        if there is None or reference is None:
            continue
        model = kind.load(there)
        table = model.table_of(shop)
        scored = table[[column for column in reference.inputs if column in table]]
        reports.append(drift_of(kind.name, model.version, reference, scored, model.predict(table), model.label(table)))
    return tuple(reports)

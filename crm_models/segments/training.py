"""Segments and stages from the shop's history, and their cards."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from crm_models.errors import BadModel
from crm_models.model import CustomerModel
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.registry.versions import current_folder
from crm_models.segments.clusters import KMEANS
from crm_models.segments.model import NEW_DAYS, NEW_ORDERS, Segmentation
from crm_models.segments.plots import draw
from crm_models.segments.stage import LAPSED, LATE, LifecycleStage
from crm_models.training import TrainingContext


def train_segments(context: TrainingContext, method: str = KMEANS) -> Segmentation:
    """Fit and describe; names are kept from the version in use.

    Args:
        method: "kmeans" or "hdbscan".

    Raises:
        BadTable: too few customers, or all of one day.
    """
    table, now = context.features, context.now
    model = Segmentation(method, _previous(context.folder), context.seed).fit(table)
    model.version = model_version(model.name, now)
    model.pictures = draw(model, table)
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="Groups by recency, frequency and monetary value, to speak about customers.",
        data=f"all customers with an order before {now:%Y-%m-%d}",
        rows=len(table),
        metrics=_metrics(model, table),
        measured_on="the same customers; stability is the mean adjusted Rand index of ten resamples of four fifths "
        "against all",
        trained_at=now,
        code_version=code_version(),
        seed=context.seed,
        limits=f"Describes the past; it predicts nothing. Who ordered first less than {NEW_DAYS} days ago, "
        f"and at most {NEW_ORDERS} times, is new.",
    )
    return model


def train_stage(context: TrainingContext) -> LifecycleStage:
    """Fit and describe. Raises BadTable: too few customers, or none who ordered twice."""
    table, now = LifecycleStage.table_of(context), context.now
    model = LifecycleStage().fit(table)
    model.version = model_version(model.name, now)
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="Prospect, new, active, at risk, lapsed or won back, by the customer's own rhythm.",
        data=f"all customers before {now:%Y-%m-%d}, those without an order too",
        rows=len(table),
        metrics=_shares(model, table),
        measured_on="the same customers",
        trained_at=now,
        code_version=code_version(),
        seed=context.seed,
        limits=f"At risk: silent for longer than {LATE:.0%} of the gaps to be expected of this customer. Lapsed: still "
        f"a customer with less than {LAPSED:.0%}. It knows orders only, no complaints.",
    )
    return model


def _previous(models: Path) -> Segmentation | None:
    folder = current_folder(models, Segmentation.name)
    if folder is None:
        return None
    try:
        return Segmentation.load(folder)
    except BadModel:  # of another version of the program: names start anew
        return None


def _metrics(model: Segmentation, table: pd.DataFrame) -> dict[str, float]:
    metrics = {"clusters": float(len(model.names))}
    for each in model.judged:
        metrics[f"silhouette_{each.number}"] = each.silhouette
        metrics[f"stability_{each.number}"] = each.stability
    if not model.judged:
        metrics["share_in_no_cluster"] = model.outside
    return metrics | _shares(model, table)


def _shares(model: CustomerModel, table: pd.DataFrame) -> dict[str, float]:
    shares = model.label(table).value_counts(normalize=True)
    return {f"share_{name}": float(shares.get(name, 0.0)) for name in model.labels}

"""Training of the segments, and their card."""

from __future__ import annotations

from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.segmentation import Segmentation
from crm_models.training import TrainingContext


def train_segments(context: TrainingContext) -> Segmentation:
    table, now = context.features, context.now
    model = Segmentation().fit(table)
    model.version = model_version(model.name, now)
    shares = model.label(table).value_counts(normalize=True)
    metrics = {f"share_{name}": float(shares.get(name, 0.0)) for name in model.labels}
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="Groups by recency, frequency and monetary value, to speak about customers.",
        data=f"all customers with an order before {now:%Y-%m-%d}",
        rows=len(table),
        metrics=metrics,
        measured_on="the same customers",
        trained_at=now,
        code_version=code_version(),
        seed=context.seed,
        limits="Describes the past; it predicts nothing.",
    )
    return model

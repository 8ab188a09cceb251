"""Training of all customer models on the shop's own data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from crm_models.errors import BadTable
from crm_models.registry.versions import add_version, prune, remove_model, use_version
from crm_models.trainers import TRAINERS
from crm_models.training import Progress, Trainer, TrainingContext, TrainOutcome, TrainResult

__all__ = ["TrainOutcome", "TrainReport", "TrainResult", "train_all"]


@dataclass(frozen=True)
class TrainReport:
    results: tuple[TrainResult, ...]

    def result(self, model: str) -> TrainResult:
        return next(result for result in self.results if result.model == model)


def train_all(
    engine: Engine,
    folder: Path,
    now: datetime,
    seed: int = 7,
    progress: Progress | None = None,
    trainers: tuple[Trainer, ...] = TRAINERS,
) -> TrainReport:
    """Fit every model, and keep each as a new version below `folder` with its card.

    Args:
        now: the end of the data to learn from, UTC without zone.
        seed: for the resampling behind the intervals, and for models that draw at random.
    """
    context = TrainingContext(engine, now, folder, seed, progress)
    results = []
    for number, trainer in enumerate(trainers):
        context.progress(trainer.name, number, len(trainers))
        results.append(_train(trainer, context))
    context.progress("customer models", len(trainers), len(trainers))
    return TrainReport(tuple(results))


def _train(trainer: Trainer, context: TrainingContext) -> TrainResult:
    try:
        model = trainer.train(context)
    except BadTable as error:
        remove_model(context.folder, trainer.name)
        return TrainResult(trainer.name, TrainOutcome.TOO_LITTLE_DATA, str(error))
    add_version(context.folder, trainer.name, model.version, model.save)
    use_version(context.folder, trainer.name, model.version)
    prune(context.folder, trainer.name)
    metrics = dict(model.card.metrics) if model.card is not None else {}
    return TrainResult(trainer.name, TrainOutcome.TRAINED, metrics=metrics, version=model.version)

"""Training of all customer models on the shop's own data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from crm_models.database import reading
from crm_models.errors import BadModel, BadTable
from crm_models.experiments.models import versions_tried
from crm_models.model import CustomerModel
from crm_models.outcomes import known_outcomes
from crm_models.registry.decision import Decision, write_decision
from crm_models.registry.promotion import decide
from crm_models.registry.reference import Reference, reference_of, write_reference
from crm_models.registry.versions import add_version, current_folder, prune, remove_model, use_version
from crm_models.trainers import TRAINERS
from crm_models.training import Progress, Trained, Trainer, TrainingContext, TrainOutcome, TrainResult

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
    decision = _decide(trainer.name, model, context)
    with reading(context.engine) as connection:
        needed = versions_tried(connection).get(trainer.name, {})
    keep(context.folder, trainer.name, model, decision, _reference(model, context), needed)
    metrics = dict(model.card.metrics) if model.card is not None else {}
    return TrainResult(trainer.name, TrainOutcome.TRAINED, decision.why, metrics, model.version, decision.use)


def keep(
    models: Path,
    name: str,
    model: Trained,
    decision: Decision,
    reference: Reference | None,
    needed: Collection[str] = (),
) -> None:
    """Write a version with what is kept beside it, and then make it the one in use if so decided.

    Args:
        needed: older versions that must not be removed.
    """

    def save(folder: Path) -> None:
        model.save(folder)
        write_decision(folder, decision)
        if reference is not None:
            write_reference(folder, reference)

    add_version(models, name, model.version, save)
    if decision.use:
        use_version(models, name, model.version)
    prune(models, name, needed=needed)


def _decide(name: str, model: Trained, context: TrainingContext) -> Decision:
    folder = current_folder(context.folder, name)
    if folder is None or not isinstance(model, CustomerModel):
        return Decision(
            True, "There is no older version to compare it with." if folder is None else "It is the newest."
        )
    if folder.name == model.version:
        return Decision(True, "It replaces the same version.")
    try:
        old = type(model).load(folder)
    except BadModel:
        return Decision(True, "The older version cannot be read by this program.", folder.name)
    return decide(model, old, known_outcomes(name, context))


def _reference(model: Trained, context: TrainingContext) -> Reference | None:
    if not isinstance(model, CustomerModel):
        return None
    table = model.table_of(context)
    return reference_of(table[list(model.columns)], model.predict(table), model.label(table))

"""Scores of all customers, written where profile, offers and staff read them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlalchemy.engine import Engine

from crm_models.batch.chunk import Loadable
from crm_models.batch.files import FeatureFile, write_features
from crm_models.batch.local import score_file
from crm_models.batch.predictions import replace_predictions
from crm_models.churn.model import ChurnModel
from crm_models.database import reading
from crm_models.errors import UnknownModel
from crm_models.experiments.models import versions_tried
from crm_models.gap_model.model import GapModel
from crm_models.model import CustomerModel
from crm_models.registry.drift import DriftReport, drift_of
from crm_models.registry.reference import read_reference
from crm_models.registry.versions import current_folder
from crm_models.satisfaction.model import SatisfactionModel
from crm_models.satisfaction.scoring import score_conversations
from crm_models.segments.model import Segmentation
from crm_models.segments.stage import LifecycleStage
from crm_models.snapshot import ShopSnapshot
from crm_models.training import Progress
from crm_models.uplift.model import UpliftModel
from crm_models.value.model import LifetimeValue

# Every model that scores customers.
MODELS: tuple[type[CustomerModel], ...] = (
    ChurnModel,
    Segmentation,
    LifecycleStage,
    LifetimeValue,
    UpliftModel,
    GapModel,
)
# Computes the scores of a file's customers by some models, in chunks.
ScoreFile = Callable[[tuple[Loadable, ...], FeatureFile], Iterator[pd.DataFrame]]


@dataclass(frozen=True)
class ScoreReport:
    scored: dict[str, int]  # customers by model
    missing: tuple[str, ...]  # models that were never trained


def score_all(
    engine: Engine, folder: Path, now: datetime, progress: Progress | None = None, score: ScoreFile = score_file
) -> ScoreReport:
    """Score every customer as of `now`, and replace the earlier scores, all or none.

    Conversations that ended get their satisfaction, a table of its own.
    Customers to whom an experiment gives another version of a model are scored by that one.
    Scores of a model that is not in `folder` any more are removed: nobody is served by a model that is gone.

    Args:
        folder: the customer models and their versions, as `train_all` writes them.
        score: who computes them, see `crm_models.batch`.
    """
    found = models_in_use(folder)
    shop = ShopSnapshot(engine, now)
    with reading(engine) as connection:
        tried = versions_tried(connection)
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="rapport-scores-") as aside:
        parts: list[Path] = []
        for number, (kind, version) in enumerate(found):
            if progress is not None:
                progress(kind.name, number, len(found))
            counts[kind.name] = 0
            for each, table in _by_version(kind, version, shop, tried.get(kind.name, {})):
                source = write_features(Path(aside) / "features.parquet", table)
                for frame in score(((kind, each),), source):
                    parts.append(Path(aside) / f"scores-{len(parts)}.parquet")
                    frame.to_parquet(parts[-1], index=False)
                counts[kind.name] += len(table)
        if progress is not None:
            progress("writing", len(found), len(found))
        frames = (pd.read_parquet(part) for part in parts)
        replace_predictions(engine, [kind.name for kind in MODELS], frames, now)
    conversations = current_folder(folder, SatisfactionModel.name)
    if conversations is not None:
        score_conversations(engine, SatisfactionModel.load(conversations), now, progress)
    return ScoreReport(counts, tuple(kind.name for kind in MODELS if kind.name not in counts))


def _by_version(
    kind: type[CustomerModel], folder: Path, shop: ShopSnapshot, tried: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Path, pd.DataFrame]]:
    """The table of the version in use, and of each version that an experiment gives to some of the customers."""
    given = {folder.parent / version: ids for version, ids in tried.items() if (folder.parent / version).is_dir()}
    table = kind.load(folder).table_of(shop)
    yield folder, table[~table.index.isin(frozenset().union(*given.values()))] if given else table
    for other, ids in given.items():
        own = kind.load(other).table_of(shop)
        if ids:
            yield other, own[own.index.isin(ids)]


def models_in_use(folder: Path, name: str | None = None) -> tuple[Loadable, ...]:
    """The models that score customers and have a version in use, or the one named.

    Raises:
        UnknownModel: no model that scores customers has this name, or it was never trained.
    """
    names = ", ".join(kind.name for kind in MODELS)
    if name is not None and name not in {kind.name for kind in MODELS}:
        raise UnknownModel(f"No model that scores customers is called {name!r}; choose one of {names}.")
    versions = ((kind, current_folder(folder, kind.name)) for kind in MODELS if name in (None, kind.name))
    found = tuple((kind, version) for kind, version in versions if version is not None)
    if name is not None and not found:
        raise UnknownModel(f"The {name} model was never trained; `rapport models train {name}` does it.")
    return found


def drift_reports(engine: Engine, folder: Path, now: datetime, name: str | None = None) -> tuple[DriftReport, ...]:
    """Of every model in use with a reference, or of the one named: today's customers beside those of the training.

    Raises:
        UnknownModel: no model that scores customers has this name.
    """
    shop = ShopSnapshot(engine, now)
    reports = []
    for kind, version in models_in_use(folder, name):
        reference = read_reference(version)
        if reference is None:
            continue
        model = kind.load(version)
        table = model.table_of(shop)
        scored = table[[column for column in reference.inputs if column in table]]
        reports.append(drift_of(kind.name, model.version, reference, scored, model.predict(table), model.label(table)))
    return tuple(reports)

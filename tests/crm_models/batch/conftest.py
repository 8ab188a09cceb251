"""Models trained once on the demo shop, and its features in a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.engine import Engine

from crm_models.batch.chunk import Loadable
from crm_models.batch.files import FeatureFile, write_features
from crm_models.scoring import models_in_use
from crm_models.snapshot import ShopSnapshot
from crm_models.train import train_all
from crm_models.trainers import TRAINERS
from demo.seed import DEFAULT_UNTIL

NOW = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)
# What the scores of a customer are made of, without the models that take longest to train.
NAMES = ("churn", "segment", "stage", "value")


@dataclass(frozen=True)
class Trained:
    folder: Path
    features: pd.DataFrame
    source: FeatureFile
    found: tuple[Loadable, ...]


@pytest.fixture(scope="session")
def trained_shop(demo_shop: Engine, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("batch")
    train_all(demo_shop, folder / "crm", NOW, trainers=tuple(each for each in TRAINERS if each.name in NAMES))
    features = ShopSnapshot(demo_shop, NOW).features
    found = models_in_use(folder / "crm")
    assert {kind.name for kind, _ in found} == set(NAMES)
    return Trained(folder / "crm", features, write_features(folder / "features.parquet", features), found)

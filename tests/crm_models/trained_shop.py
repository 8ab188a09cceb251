"""All customer models, trained on the demo shop once for all tests; the fixture is in conftest.py."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from crm_models.database import create_engine
from crm_models.train import TrainReport


@dataclass(frozen=True)
class TrainedShop:
    """The demo shop as of its last day. Nobody writes into the folder."""

    folder: Path
    report: TrainReport
    steps: list[tuple[str, int, int]]  # of the progress bar
    now: datetime


def truth_of(demo_shop: Engine) -> Path:
    """The file of the traits behind the customers of the fixture."""
    return Path(str(demo_shop.url.database)).parent / "demo_truth.csv"


def copy_of(shop: Engine, folder: Path) -> Engine:
    """A copy of the shop's database, to write into."""
    copy = folder / "rapport.db"
    with sqlite3.connect(str(shop.url.database)) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return create_engine(f"sqlite:///{copy}")

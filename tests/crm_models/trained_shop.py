"""All customer models, trained on the demo shop once for all tests; the fixture is in conftest.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Engine

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

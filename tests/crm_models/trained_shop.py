"""All customer models, trained on the demo shop once for all tests; the fixture is in conftest.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crm_models.train import TrainReport


@dataclass(frozen=True)
class TrainedShop:
    """The demo shop as of its last day. Nobody writes into the folder."""

    folder: Path
    report: TrainReport
    steps: list[tuple[str, int, int]]  # of the progress bar
    now: datetime

"""What the training of a customer model is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from crm_models.model_files import ModelCard
from crm_models.snapshot import ShopSnapshot

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


class TrainOutcome(StrEnum):
    TRAINED = "trained"
    TOO_LITTLE_DATA = "too_little_data"  # nothing written; older versions are removed


@dataclass(frozen=True)
class TrainResult:
    model: str
    outcome: TrainOutcome
    why: str = ""  # there is too little data, or the new version is (not) used; one sentence
    metrics: dict[str, float] = field(default_factory=dict)
    version: str | None = None
    used: bool = True  # whether the new version is the one in use now


@dataclass(frozen=True)
class TrainingContext(ShopSnapshot):
    """The shop to learn from. Models already trained in this run, and older ones, lie below `folder`; see
    `crm_models.registry.versions.current_folder`."""

    folder: Path
    seed: int = 7  # for resampling and whatever else draws at random
    report: Progress | None = None

    def progress(self, step: str, done: int, total: int) -> None:
        """Show how far a long training is."""
        if self.report is not None:
            self.report(step, done, total)


class Trained(Protocol):
    """A fitted model with its version and card, ready to be written."""

    version: str
    card: ModelCard | None

    def save(self, folder: Path) -> None: ...


@dataclass(frozen=True)
class Trainer:
    """How one model is made.

    `train` raises BadTable, one sentence for whoever runs the shop, where there is too little data.
    """

    name: str  # the model's folder and name in `predictions`
    train: Callable[[TrainingContext], Trained]

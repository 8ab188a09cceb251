"""How models are kept: a folder with JSON and plain arrays, and a card that says where it came from.

Nothing is pickled: reading a model never runs code. Needs numpy only, as the action server reads models too.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadModel

_CARD, _CARD_TEXT = "card.json", "card.md"
_PARAMETERS, _ARRAYS = "model.json", "arrays.npz"


@dataclass(frozen=True)
class ModelCard:
    """What a model was fitted on, how well it does, and on which data that was measured."""

    name: str
    version: str
    purpose: str
    data: str  # which rows, from when to when
    rows: int  # that the model was fitted on
    metrics: Mapping[str, float]
    measured_on: str  # which rows the metrics are from
    trained_at: datetime
    code_version: str
    seed: int | None = None
    limits: str = ""  # what it is not to be used for
    candidates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # measures of each that was compared
    chosen: str = ""  # which of them serves, and why

    def markdown(self) -> str:
        lines = [
            f"# {self.name} {self.version}",
            "",
            self.purpose,
            "",
            f"- data: {self.data}",
            f"- rows: {self.rows:,}",
            f"- trained: {self.trained_at.isoformat(sep=' ', timespec='minutes')} UTC",
            f"- code: {self.code_version}",
            f"- seed: {'none' if self.seed is None else self.seed}",
        ]
        if self.limits:
            lines.append(f"- limits: {self.limits}")
        lines += ["", f"Measured on {self.measured_on}:", "", "| metric | value |", "|---|---|"]
        lines += [f"| {name} | {told_number(value)} |" for name, value in self.metrics.items()]
        return "\n".join([*lines, *self._comparison()]) + "\n"

    def _comparison(self) -> list[str]:
        """A row a candidate, a column a measure; `..._spread` stands behind its measure."""
        if not self.candidates:
            return []
        measures = [name for name in next(iter(self.candidates.values())) if not name.endswith("_spread")]
        lines = [
            "",
            f"Candidates: {self.chosen}",
            "",
            f"| candidate | {' | '.join(measures)} |",
            "|---" * (len(measures) + 1) + "|",
        ]
        for name, scores in self.candidates.items():
            told = [f"{scores[each]:.4f} ± {scores.get(each + '_spread', 0.0):.4f}" for each in measures]
            lines.append(f"| {name} | {' | '.join(told)} |")
        return lines


def told_number(value: float, digits: int = 4) -> str:
    """As people read it: 27,865 and not 2.786e+04; small ones to so many digits."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.{digits}g}"


def model_version(name: str, trained_at: datetime) -> str:
    """Name and moment of training; written beside every score."""
    return f"{name}-{trained_at:%Y%m%d-%H%M%S}"


def code_version() -> str:
    try:
        return version("rapport")
    except PackageNotFoundError:  # run from a folder, not installed
        return "source"


def write_model(
    folder: Path, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], card: ModelCard | None
) -> None:
    """Write a model's folder; what stood there is replaced whole, never mixed."""
    with _replacing(folder) as new:
        (new / _PARAMETERS).write_text(json.dumps(parameters, indent=1, ensure_ascii=False), encoding="utf-8")
        np.savez(new / _ARRAYS, **arrays)
        if card is not None:
            fields = {**asdict(card), "trained_at": card.trained_at.isoformat()}
            (new / _CARD).write_text(json.dumps(fields, indent=1, ensure_ascii=False), encoding="utf-8")
            (new / _CARD_TEXT).write_text(card.markdown(), encoding="utf-8")


def read_model(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Parameters and arrays of a model.

    Args:
        kind: what the model must be; written into its parameters as `kind`.

    Raises:
        BadModel: nothing is there, it is damaged, or it is another kind of model.
    """
    try:
        parameters = json.loads((folder / _PARAMETERS).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(f"{folder} holds no model that can be read ({error}). Run `rapport train`.") from error
    found = parameters.get("kind") if isinstance(parameters, dict) else None
    if found != kind:
        raise BadModel(f"{folder} holds a model of kind {found!r}, not {kind!r}. Run `rapport train`.")
    return parameters, arrays


def read_card(folder: Path) -> ModelCard | None:
    """The card beside a model; None when there is none."""
    path = folder / _CARD
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return ModelCard(**{**fields, "trained_at": datetime.fromisoformat(fields["trained_at"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadModel(f"{path} is no model card ({error}). Run `rapport train`.") from error


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder beside the old one that takes its place at the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield new
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.replace(old / folder.name)
            new.replace(folder)
            shutil.rmtree(old)
        else:
            new.replace(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)

"""What was decided about a version, kept beside it. Needs the standard library only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "decision.json"


@dataclass(frozen=True)
class Decision:
    """Why a version was made the one in use, or not; kept beside it."""

    use: bool
    why: str  # a sentence for whoever trains
    against: str | None = None  # the version in use until then


def write_decision(folder: Path, decision: Decision) -> None:
    """Beside the model, in the folder of its version."""
    (folder / _FILE).write_text(json.dumps(asdict(decision), indent=1), encoding="utf-8")


def read_decision(folder: Path) -> Decision | None:
    """None where none was written."""
    try:
        return Decision(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        return None

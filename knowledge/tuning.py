"""What was learnt about this knowledge base from questions with known articles; kept in `{home}/tuning.json`.

{"fusion": {"alone": {"passage": 0.2, ...}, "own": {...}, "together": {...}},
 "by_meaning": {"bias": ..., "weights": [...]}, "by_words": {...}}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from knowledge.answerability import FEATURES, SHIPPED, Answerability, BothWays
from knowledge.errors import KnowledgeError
from knowledge.fusion import Fusion, Weights

FILE = "tuning.json"
_QUERIES = tuple(field.name for field in fields(Fusion))


@dataclass(frozen=True, slots=True)
class Tuning:
    """`fusion` None leaves it to the settings."""

    fusion: Fusion | None = None
    answerability: BothWays = SHIPPED

    def save(self, home: Path) -> None:
        """The file is exchanged as a whole; a running bot goes by it from its next question."""
        home.mkdir(parents=True, exist_ok=True)
        values = {"fusion": asdict(self.fusion) if self.fusion else None, **asdict(self.answerability)}
        fresh = home / f"{FILE}.new"
        fresh.write_text(json.dumps(values, indent=1), encoding="utf-8")
        fresh.replace(home / FILE)


def tuning_of(home: Path) -> Tuning:
    """What `Tuning.save` wrote there, or the tuning that ships; cheap enough for every question.

    Raises KnowledgeError for a file of another make.
    """
    path = home / FILE
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return Tuning()
    return _read(path, changed)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Tuning:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        fusion = values["fusion"]
        both = BothWays(_answerability(values["by_meaning"]), _answerability(values["by_words"]))
        return Tuning(None if fusion is None else _fusion(fusion), both)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(f"{path} cannot be understood ({error!r}); remove it, or tune again") from error


def _fusion(values: dict[str, Any]) -> Fusion:
    return Fusion(**{name: Weights(**{k: float(v) for k, v in values[name].items()}) for name in _QUERIES})


def _answerability(values: dict[str, Any]) -> Answerability:
    weights = tuple(float(weight) for weight in values["weights"])
    if len(weights) != len(FEATURES):
        raise ValueError(f"{len(weights)} weights for {len(FEATURES)} features")
    return Answerability(float(values["bias"]), weights)

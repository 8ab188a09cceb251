"""All checks of the examples, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu_tools.alike import AlikeSettings, near_texts, overlaps, thin
from bot.nlu_tools.domain import Names, unknown_names
from bot.nlu_tools.entity_marks import broken_marks, contradicting_marks
from bot.nlu_tools.examples import Example
from bot.nlu_tools.findings import Finding, Kind, ordered
from bot.nlu_tools.mislabelled import LabelSettings, judge, mislabelled
from bot.nlu_tools.same_text import leaked, same_texts

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CheckSettings:
    labels: LabelSettings = field(default_factory=LabelSettings)
    alike: AlikeSettings = field(default_factory=AlikeSettings)


@dataclass(frozen=True)
class Beside:
    """What the examples are compared with, each None where there is none."""

    names: Names | None = None
    held_out: Sequence[str] | None = None
    held_out_file: Path = Path()


@dataclass(frozen=True)
class Checked:
    examples: int
    intents: int
    findings: tuple[Finding, ...]

    @property
    def serious(self) -> int:
        return sum(each.serious for each in self.findings)

    def of(self, kind: Kind) -> list[Finding]:
        return [each for each in self.findings if each.kind is kind]

    def as_json(self) -> dict[str, Any]:
        counts = Counter(each.kind for each in self.findings)
        return {
            "examples": self.examples,
            "intents": self.intents,
            "serious": self.serious,
            "counts": {kind.value: counts[kind] for kind in Kind},
            "findings": [each.as_json() for each in self.findings],
        }


def check(
    examples: Sequence[Example],
    vectors: np.ndarray,
    beside: Beside,
    settings: CheckSettings,
    progress: Progress | None = None,
) -> Checked:
    """Everything that is wrong with `examples`, most serious first; the same input gives the same findings.

    Args:
        vectors: float32 (examples, width), rows of length 1, by an encoder that has not learned the intents.
        progress: told how many folds of the cross-validation are done.
    """
    judged = judge(examples, vectors, settings.labels, progress)
    findings = [
        *same_texts(examples),
        *near_texts(examples, vectors, settings.alike),
        *broken_marks(examples),
        *contradicting_marks(examples),
        *mislabelled(examples, vectors, judged),
        *overlaps(examples, vectors, judged.predicted(len(examples)), settings.alike),
        *thin(examples, vectors, settings.alike),
    ]
    if beside.names is not None:
        findings += unknown_names(examples, beside.names)
    if beside.held_out is not None:
        findings += leaked(examples, beside.held_out, beside.held_out_file)
    return Checked(len(examples), len({each.intent for each in examples}), tuple(ordered(findings)))

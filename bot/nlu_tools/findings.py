"""What a check of the examples can find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.nlu_tools.examples import Example


class Kind(StrEnum):
    """Most serious first."""

    CONFLICT = "conflict"  # the same text under two intents
    LEAKAGE = "leakage"  # an example that the held-out messages hold too
    UNKNOWN = "unknown"  # intents and entities that the domain does not name, or that have no example
    ENTITY = "entity"  # marks that contradict each other
    MISLABELLED = "mislabelled"  # an example that the others contradict
    OVERLAP = "overlap"  # two intents that are hard to tell apart
    DUPLICATE = "duplicate"  # the same text twice under one intent
    THIN = "thin"  # too few examples, or too much alike


@dataclass(frozen=True)
class Finding:
    kind: Kind
    message: str
    serious: bool = False
    """Makes `--strict` fail: it is wrong whatever was meant."""
    examples: tuple[Example, ...] = ()
    """Where it is; the first is the one to look at."""
    worth: float = 0.0
    """The greater, the earlier it is shown among its kind."""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `--json`: everything that is known of it."""
        return {
            "kind": self.kind.value,
            "serious": self.serious,
            "message": self.message,
            "examples": [example_json(each) for each in self.examples],
            **self.facts,
        }


def example_json(example: Example) -> dict[str, Any]:
    return {"file": str(example.path), "line": example.line, "text": example.marked, "intent": example.intent}


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """By kind, the serious ones first, then by worth and place."""
    kinds = list(Kind)

    def place(each: Finding) -> tuple[str, int]:
        return (str(each.examples[0].path), each.examples[0].line) if each.examples else ("", 0)

    return sorted(
        findings, key=lambda each: (kinds.index(each.kind), not each.serious, -each.worth, place(each), each.message)
    )

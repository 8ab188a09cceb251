"""A piece of a message that means something, and what is kept where two claim the same letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    entity: str
    start: int
    end: int
    value: str | int
    """Normalised: an ISO date, `49.90 EUR`, `HV-104233`, the catalogue's name of a product."""
    confidence: float = 1.0

    def overlaps(self, other: Found) -> bool:
        return self.start < other.end and other.start < self.end


def without_overlaps(found: Iterable[Found]) -> list[Found]:
    """Of findings that share letters the earlier given one is kept; the rest is in the order of the text."""
    kept: list[Found] = []
    for finding in found:
        if not any(finding.overlaps(other) for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda finding: finding.start)

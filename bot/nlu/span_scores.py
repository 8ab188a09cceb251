"""How many entities were found as they are marked: precision, recall and F1 over whole spans.

A span counts when letters and label are both exact; counts are summed over all texts. On words this is the measure of
the CoNLL-2000 shared task (conlleval; Tjong Kim Sang and Buchholz 2000, https://aclanthology.org/W00-0726).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.nlu.training_text import Span


@dataclass(frozen=True)
class SpanScores:
    """Shares of 1; 0 where nothing was found, or nothing is to be found."""

    precision: float
    recall: float
    f1: float

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f} (precision {self.precision:.3f}, recall {self.recall:.3f})"


def score_spans(marked: Sequence[Iterable[Span]], found: Sequence[Iterable[Span]]) -> SpanScores:
    """Both hold the spans of each text, in the same order of texts."""
    right = of_marked = of_found = 0
    for truth, guess in zip(marked, found, strict=True):
        expected, given = set(truth), set(guess)
        right += len(expected & given)
        of_marked += len(expected)
        of_found += len(given)
    precision = right / of_found if of_found else 0.0
    recall = right / of_marked if of_marked else 0.0
    return SpanScores(precision, recall, 2 * right / (of_marked + of_found) if right else 0.0)

"""Examples that the others contradict.

Confident learning (Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels, Journal of
Artificial Intelligence Research 70, 2021) as cleanlab has it, on out-of-fold probabilities: each example is judged by
a classifier that has not seen it. How many of an intent may be wrong is estimated from the confident joint; which ones
is decided by the margin p(given) - p(likeliest other).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu_tools.examples import Example, same_key
from bot.nlu_tools.findings import Finding, Kind, example_json

Progress = Callable[[int, int], None]
_SHOWN = 2  # neighbours of each intent


@dataclass(frozen=True)
class LabelSettings:
    folds: int = 5
    seed: int = 7
    # Inverse strength of the ridge of the logistic regression; vectors have length 1.
    strength: float = 10.0


@dataclass(frozen=True)
class Judged:
    """Out-of-fold probabilities of the rows that could be judged: those of intents with two examples or more."""

    rows: np.ndarray
    """int (judged,): places among the examples."""
    names: tuple[str, ...]
    probabilities: np.ndarray
    """float (judged, names)"""

    def predicted(self, count: int) -> list[str | None]:
        """For each of `count` examples the likeliest intent, None where it was not judged."""
        found: list[str | None] = [None] * count
        if not self.names:
            return found
        for row, place in zip(self.rows, self.probabilities.argmax(1), strict=True):
            found[row] = self.names[place]
        return found


def judge(
    examples: Sequence[Example],
    vectors: np.ndarray,
    settings: LabelSettings = LabelSettings(),
    progress: Progress | None = None,
) -> Judged:
    """Cross-validated logistic regression over the vectors; one text of an intent counts once."""
    from sklearn.linear_model import LogisticRegression

    rows, labels = _judged_rows(examples)
    names, targets = np.unique(labels, return_inverse=True) if len(labels) else (np.array([], str), np.array([], int))
    probabilities = np.zeros((len(rows), len(names)))
    if len(names) < 2:
        return Judged(np.array([], int), (), np.zeros((0, 0)))
    fold_of = _folds(targets, settings)
    points = vectors[rows].astype(np.float64)
    for fold in range(settings.folds):
        held, seen = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if len(held):
            head = LogisticRegression(C=settings.strength, max_iter=200)
            with warnings.catch_warnings():  # a fit that is not quite at its optimum judges as well
                warnings.simplefilter("ignore")
                head.fit(points[seen], targets[seen])
            probabilities[np.ix_(held, head.classes_)] = head.predict_proba(points[held])
        if progress:
            progress(fold + 1, settings.folds)
    return Judged(rows, tuple(map(str, names)), probabilities)


def mislabelled(examples: Sequence[Example], vectors: np.ndarray, judged: Judged) -> list[Finding]:
    """One finding for each suspect, the clearest first, with the nearest examples of both intents."""
    from cleanlab.filter import find_label_issues

    if not judged.names:
        return []
    names = np.array(judged.names)
    given = np.searchsorted(names, [examples[row].intent for row in judged.rows])
    suspects = find_label_issues(
        given, judged.probabilities, filter_by="both", return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    found = []
    for place in suspects:
        row, own = int(judged.rows[place]), int(given[place])
        likely = int(judged.probabilities[place].argmax())
        if likely == own:
            continue
        chances = judged.probabilities[place, [own, likely]]
        found.append(_finding(examples, vectors, row, str(names[likely]), chances))
    return found


def _finding(examples: Sequence[Example], vectors: np.ndarray, row: int, likely: str, chances: np.ndarray) -> Finding:
    example = examples[row]
    own_near = _nearest(examples, vectors, row, example.intent)
    likely_near = _nearest(examples, vectors, row, likely)
    facts = {
        "intent": example.intent,
        "looks_like": likely,
        "probability": round(float(chances[0]), 4),
        "probability_looks_like": round(float(chances[1]), 4),
        "nearest": [example_json(each) for each in own_near],
        "nearest_looks_like": [example_json(each) for each in likely_near],
    }
    message = f"looks like {likely} ({chances[1]:.2f}), not {example.intent} ({chances[0]:.2f})"
    if likely_near:
        message += f"; there: {likely_near[0].text}"
    if own_near:
        message += f"; here: {own_near[0].text}"
    return Finding(Kind.MISLABELLED, message, False, (example,), float(chances[1] - chances[0]), facts)


def _nearest(examples: Sequence[Example], vectors: np.ndarray, row: int, intent: str) -> list[Example]:
    others = [place for place, each in enumerate(examples) if each.intent == intent and place != row]
    order = np.argsort(-(vectors[others] @ vectors[row]), kind="stable") if others else []
    return [examples[others[place]] for place in order[:_SHOWN]]


def _judged_rows(examples: Sequence[Example]) -> tuple[np.ndarray, list[str]]:
    """Rows of texts that are new in their intent, of intents with two of them or more, and their intents."""
    seen: dict[tuple[str, str], int] = {}
    for row, example in enumerate(examples):
        seen.setdefault((example.intent, same_key(example.text)), row)
    size: dict[str, int] = {}
    for intent, _ in seen:
        size[intent] = size.get(intent, 0) + 1
    rows = [row for (intent, _), row in seen.items() if size[intent] > 1]
    return np.array(rows, dtype=np.int64), [examples[row].intent for row in rows]


def _folds(targets: np.ndarray, settings: LabelSettings) -> np.ndarray:
    """A fold for each row; an intent's rows are spread over as many folds as there are."""
    rng = np.random.default_rng(settings.seed)
    folds = np.zeros(len(targets), dtype=np.int64)
    first = 0
    for target in range(int(targets.max()) + 1):
        rows = rng.permutation(np.flatnonzero(targets == target))
        folds[rows] = (first + np.arange(len(rows))) % settings.folds
        first += len(rows)
    return folds

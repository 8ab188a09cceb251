"""Examples that are alike in meaning: near duplicates, near conflicts, intents that overlap or vary too little."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu_tools.examples import Example, same_key
from bot.nlu_tools.findings import Finding, Kind

_ROWS = 1024
_OPENING_WORDS = 2


@dataclass(frozen=True)
class AlikeSettings:
    # Cosine from which two examples say the same.
    same_from: float = 0.97
    # Fewer examples than this teach an intent badly.
    fewest: int = 20
    # Mean cosine of an intent's pairs from which its examples are one sentence over and over ...
    monotonous_from: float = 0.75
    # ... and the share of distinct openings (first two words) below which they are cast in one mould.
    openings_below: float = 0.25
    # Share of an intent's examples whose nearest neighbour belongs to another, from which the two overlap.
    overlap_from: float = 0.15
    # Fewer neighbours of one other intent are chance.
    fewest_shared: int = 3


def near_pairs(vectors: np.ndarray, labels: Sequence[str], same_from: float) -> list[tuple[int, int, float]]:
    """Each row with the nearest row before it of its own label, and with that of another, and their cosine.

    Only from a cosine of `same_from`; rows have length 1. So a cluster of n rows gives n - 1 pairs, not n * n.
    """
    _, numbers = np.unique(labels, return_inverse=True)
    pairs = []
    for start, cosines in _cosines(vectors):
        rows = start + np.arange(len(cosines))
        cosines[np.arange(len(vectors))[None, :] >= rows[:, None]] = -1.0
        own = numbers[rows][:, None] == numbers[None, :]
        for wanted in (own, ~own):
            chosen = np.where(wanted, cosines, -1.0)
            nearest = chosen.argmax(1)
            for place in np.flatnonzero(chosen.max(1) >= same_from):
                other = int(nearest[place])
                pairs.append((other, int(rows[place]), float(chosen[place, other])))
    return pairs


def near_texts(examples: Sequence[Example], vectors: np.ndarray, settings: AlikeSettings) -> list[Finding]:
    """Near duplicates and near conflicts; those of the very same text are found by `same_texts`."""
    found = []
    for first, second, cosine in near_pairs(vectors, [each.intent for each in examples], settings.same_from):
        one, other = examples[first], examples[second]
        if same_key(one.text) == same_key(other.text):
            continue
        kind = Kind.DUPLICATE if one.intent == other.intent else Kind.CONFLICT
        under = "" if one.intent == other.intent else f" under {other.intent}"
        message = f"nearly the same{under} at {other.place}: {other.text}"
        found.append(Finding(kind, message, False, (one, other), cosine - 1, {"cosine": round(cosine, 4)}))
    return found


def nearest_rows(vectors: np.ndarray) -> np.ndarray:
    """int (n,): the nearest other row of each."""
    nearest = np.zeros(len(vectors), dtype=np.int64)
    for start, cosines in _cosines(vectors):
        places = np.arange(len(cosines))
        cosines[places, start + places] = -np.inf
        nearest[start : start + len(cosines)] = cosines.argmax(1)
    return nearest


def overlaps(
    examples: Sequence[Example], vectors: np.ndarray, predicted: Sequence[str | None], settings: AlikeSettings
) -> list[Finding]:
    """Pairs of intents of which many examples lie nearest to one of the other.

    Args:
        predicted: for each example the intent that a classifier takes it for that has not seen it, None where there
            is none; how often the two are confused is told with the pair.
    """
    sizes = Counter(each.intent for each in examples)
    shared: dict[tuple[str, str], list[int]] = defaultdict(list)
    confused: Counter[tuple[str, str]] = Counter()
    for row, nearest in enumerate(nearest_rows(vectors)):
        intent, other = examples[row].intent, examples[nearest].intent
        if intent != other:
            shared[intent, other].append(row)
        guess = predicted[row]
        if guess is not None and guess != intent:
            confused[intent, guess] += 1
    found = []
    for (intent, other), rows in shared.items():
        share = len(rows) / sizes[intent]
        if len(rows) < settings.fewest_shared or share < settings.overlap_from:
            continue
        facts = {
            "intent": intent,
            "other": other,
            "share": round(share, 4),
            "confused": confused[intent, other],
            "confused_back": confused[other, intent],
        }
        message = (
            f"{share:.0%} of {intent} ({len(rows)}) lie nearest to {other}; "
            f"taken for it {confused[intent, other]} times, the other way {confused[other, intent]}"
        )
        found.append(Finding(Kind.OVERLAP, message, False, tuple(examples[row] for row in rows), share, facts))
    return found


def thin(examples: Sequence[Example], vectors: np.ndarray, settings: AlikeSettings) -> list[Finding]:
    """Intents with too few examples, or with examples that vary too little."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        rows_of[example.intent].append(row)
    found = []
    for intent, rows in rows_of.items():
        own = tuple(examples[row] for row in rows)
        openings = len({_opening(each.text) for each in own}) / len(own)
        alike = _mean_cosine(vectors[rows])
        facts = {
            "intent": intent,
            "count": len(own),
            "mean_cosine": round(alike, 4),
            "distinct_openings": round(openings, 4),
        }
        if len(own) < settings.fewest:
            few = f"{intent} has {len(own)} example{'s' * (len(own) > 1)}, fewer than {settings.fewest}"
            found.append(Finding(Kind.THIN, few, False, own[:1], settings.fewest - len(own), facts))
        if len(own) > 1 and (alike >= settings.monotonous_from or openings < settings.openings_below):
            message = (
                f"the examples of {intent} vary little: mean cosine {alike:.2f}, "
                f"{openings:.0%} begin in words of their own"
            )
            found.append(Finding(Kind.THIN, message, False, own[:1], alike, facts))
    return found


def _cosines(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of rows of the matrix of all cosines, and the first row of each."""
    for start in range(0, len(vectors), _ROWS):
        yield start, vectors[start : start + _ROWS] @ vectors.T


def _mean_cosine(vectors: np.ndarray) -> float:
    """Over all pairs of different rows; 0 for one row."""
    n = len(vectors)
    if n < 2:
        return 0.0
    total = vectors.sum(0)
    return float((total @ total - n) / (n * (n - 1)))


def _opening(text: str) -> str:
    return " ".join(same_key(text).split()[:_OPENING_WORDS])

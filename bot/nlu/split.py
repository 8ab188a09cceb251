"""Which training examples are held out, to stop in time and to calibrate on."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from bot.nlu.errors import TrainingDataError

# An intent with fewer examples than this gives none away: it needs them all to be learned.
FEWEST_TO_SPLIT = 5


def held_out_mask(labels: Sequence[str], share: float, seed: int) -> np.ndarray:
    """True for the held-out rows: `share` of the rows of each label, rounded, at least one of a label with enough.

    Raises `TrainingDataError` for fewer than two labels, or when no label has enough examples.
    """
    if not 0 < share < 1:
        raise TrainingDataError(f"The held-out share must lie between 0 and 1, not {share}.")
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        rows_of[label].append(row)
    if len(rows_of) < 2:
        raise TrainingDataError(f"Only {len(rows_of)} intent has examples; at least 2 are needed to tell apart.")
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label in sorted(rows_of):
        rows = rows_of[label]
        if len(rows) >= FEWEST_TO_SPLIT:
            mask[rng.permutation(rows)[: max(1, round(share * len(rows)))]] = True
    if not mask.any():
        raise TrainingDataError(f"No intent has {FEWEST_TO_SPLIT} examples, so nothing can be held out to calibrate.")
    return mask


def text_key(text: str) -> str:
    """Equal for texts that differ in case and spaces alone; no longer than a hash, however long the text."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()


def without_duplicates(texts: Sequence[str], labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """Each text once, with its most frequent label: a copy on both sides of the split would flatter the figures."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, str] = {}
    for text, label in zip(texts, labels, strict=True):
        key = text_key(text)
        seen[key][label] += 1
        first.setdefault(key, text)
    return list(first.values()), [seen[key].most_common(1)[0][0] for key in first]

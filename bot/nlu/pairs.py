"""Pairs of a question and the text that answers it, from a file: what the encoder learns for the search.

A line of the file is a JSON object with `question` and `answer`; `rapport train` writes one from the articles, and
any history of tickets can be brought into that form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.errors import TrainingDataError

# Fewer pairs teach nothing that the encoder does not know.
FEWEST = 40
# Words read of an answer: what it is about is said at its beginning, and a long one costs as much as ten questions.
_MOST_WORDS = 60


@dataclass(frozen=True)
class Pair:
    question: str
    answer: str


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSON-lines file; none where there is no such file.

    Raises `TrainingDataError` naming the line that is no pair.
    """
    if not path.is_file():
        return []
    pairs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            pair = Pair(content["question"].strip(), " ".join(content["answer"].split()[:_MOST_WORDS]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingDataError(
                f"Line {number} of {path} is no pair: it must be a JSON object with the texts 'question' and 'answer'."
            ) from error
        if pair.question and pair.answer:
            pairs.append(pair)
    return pairs


def pairs_digest(path: Path) -> str:
    """Changes when the file does; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def held_out_pairs(pairs: Sequence[Pair], share: float, seed: int) -> np.ndarray:
    """bool (pairs,): `share` of the answers with all their questions, so that no held-out answer was learned."""
    answers = sorted({pair.answer for pair in pairs})
    chosen = np.random.default_rng(seed).permutation(len(answers))[: max(1, round(share * len(answers)))]
    held = {answers[place] for place in chosen}
    return np.array([pair.answer in held for pair in pairs])

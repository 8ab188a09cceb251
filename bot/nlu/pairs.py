"""Pairs of a question and the text that answers it: what the encoder learns for the search.

They stand in JSON-lines files, a line being an object with `question` and `answer`. `rapport train` writes those of
articles, tickets and answers that helped into `pairs/` of the data folder; other files can be put beside them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
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


def read_pairs(folder: Path) -> list[Pair]:
    """The pairs of all JSON-lines files of a folder, once each; none where there is no such folder.

    Raises `TrainingDataError` naming the file and the line that is no pair.
    """
    return list(dict.fromkeys(pair for path in _files(folder) for pair in _read(path)))


def pairs_digest(folder: Path) -> str:
    """Changes when a file of the folder does."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _read(path: Path) -> Iterator[Pair]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            pair = Pair(content["question"].strip(), " ".join(content["answer"].split()[:_MOST_WORDS]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingDataError(
                f"Line {number} of {path} is no pair: it must be a JSON object with the texts 'question' and 'answer'. "
                "Mend or remove it, and train again."
            ) from error
        if pair.question and pair.answer:
            yield pair


def held_out_pairs(pairs: Sequence[Pair], share: float, seed: int) -> np.ndarray:
    """bool (pairs,): `share` of the answers with all their questions, so that no held-out answer was learned."""
    answers = sorted({pair.answer for pair in pairs})
    chosen = np.random.default_rng(seed).permutation(len(answers))[: max(1, round(share * len(answers)))]
    held = {answers[place] for place in chosen}
    return np.array([pair.answer in held for pair in pairs])

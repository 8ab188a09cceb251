"""Dialogues with satisfaction ratings, as published with Sun et al. 2021 (USS): SGD and MWOZ."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import MissingData
from crm_models.satisfaction.turns import CUSTOMER, Conversation, Turn

SETS = ("MWOZ", "SGD")
SOURCE = "github.com/sunnweiwei/user-satisfaction-simulation"
_OVERALL = "OVERALL"


@dataclass(frozen=True)
class Rated:
    """One judgement: of a customer's message, or of a whole dialogue."""

    dialogue: int
    conversation: Conversation
    turns: int  # that were said before; the message itself is the next one
    ratings: tuple[int, ...]  # 1 to 5, of several judges

    @property
    def label(self) -> int:
        """What most said; the lower of two that as many said, as in the published code."""
        return int(np.bincount(self.ratings, minlength=6).argmax())

    @property
    def mean(self) -> float:
        return float(np.mean(self.ratings))

    @property
    def whole(self) -> bool:
        return self.turns == len(self.conversation.turns)


def read_uss(data: Path | None, name: str) -> list[Rated]:
    """Judgements in the order of the file: every message of the user, then the dialogue."""
    path = None if data is None else data / "uss_satisfaction" / f"{name}.txt.gz"
    if path is None or not path.is_file():
        raise MissingData(
            f"This suite needs uss_satisfaction/{name}.txt.gz ({SOURCE}). "
            "Give --data the folder that holds the folders of the data sets."
        )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        blocks = file.read().strip("\n").split("\n\n")
    return [rated for number, block in enumerate(blocks) for rated in _dialogue(number, block)]


def folds_by_dialogue(rated: list[Rated], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold a judgement, the same for a whole dialogue."""
    dialogues = np.array([each.dialogue for each in rated])
    fold_of = np.random.default_rng(seed).permutation(dialogues.max() + 1) % folds
    return np.asarray(fold_of[dialogues], dtype=np.int64)


def _dialogue(number: int, block: str) -> list[Rated]:
    lines = [line.split("\t") for line in block.split("\n") if line]
    said = [(role, text, ratings) for role, text, _, ratings in lines if text != _OVERALL]
    turns = tuple(Turn(CUSTOMER if role == "USER" else "bot", text) for role, text, _ in said)
    conversation = Conversation(f"{number}", turns)
    found = [
        Rated(number, conversation, place, _ratings(ratings))
        for place, (role, _, ratings) in enumerate(said)
        if role == "USER"
    ]
    overall = [ratings for _, text, _, ratings in lines if text == _OVERALL]
    return found + [Rated(number, conversation, len(turns), _ratings(ratings)) for ratings in overall]


def _ratings(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))

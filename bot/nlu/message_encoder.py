"""The encoder as the bot reads it: with the scores of the entities, from the same pass as the two vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.tag_chain import TagChain
from bot.nlu.tagging import Pieces, TaggedSpan, decode, pieces_of
from bot.nlu.torch_session import TorchSession, has_gpu
from knowledge.embed import OnnxEncoder


@dataclass(frozen=True)
class EntityScores:
    """Of one text; nothing is read from them before somebody asks."""

    scores: np.ndarray
    """float32 (pieces, tags)"""
    pieces: Pieces
    chain: TagChain

    def spans(self) -> list[TaggedSpan]:
        """The entities, with letters of the text that was encoded."""
        return decode(self.scores, self.pieces, self.chain)


@dataclass(frozen=True)
class Encoded:
    """What one pass makes of one text."""

    embedding: np.ndarray
    """float32 (width,), length 1."""
    intent_features: np.ndarray
    """float32 (width,)"""
    entity_scores: EntityScores | None
    """None where the model has learned no entities."""


class MessageOnnxEncoder(OnnxEncoder):
    """Reads from `encoder.json` also the tags, the last axis of the output `entity_scores`, and how they follow."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        super().__init__(folder, threads)
        facts = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
        self._chain = TagChain.from_facts(facts)
        if has_gpu(folder):
            self._session = TorchSession(folder, "cuda")

    @property
    def vocabulary(self) -> list[str]:
        """The pieces that the tokenizer knows."""
        return list(self._tokenizer.get_vocab())

    def read(self, texts: Sequence[str]) -> list[Encoded]:
        """Everything that the model has to say of each text, in one pass."""
        names = ["embedding", "intent_features"] + (["entity_scores"] if self._chain.tags else [])
        read: list[Encoded | None] = [None] * len(texts)
        for rows, encodings, (embedding, features, *scores) in self.passes(texts, names):
            for place, row in enumerate(rows):
                tagged = None
                if scores:
                    pieces = pieces_of(encodings[place])
                    tagged = EntityScores(scores[0][place, : len(pieces.words)], pieces, self._chain)
                read[row] = Encoded(embedding[place], features[place], tagged)
        return [each for each in read if each is not None]

"""A small help centre, and a deterministic encoder in the place of the neural one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.embed import Matrix
from knowledge.lexical import tokens
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore


class FakeEncoder:
    """A text is the sum of its words' fixed random directions; texts that share words are near.

    Counts the texts it has encoded.
    """

    def __init__(self, fingerprint: str = "fake-1", dimension: int = 64) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Matrix:
        self.encoded += len(texts)
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Matrix:
        total = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in tokens(text):
            digest = hashlib.sha256(f"{self.fingerprint} {word}".encode()).digest()
            total += np.random.default_rng(int.from_bytes(digest[:8], "big")).normal(size=self.dimension)
        return (total / np.linalg.norm(total)).astype(np.float32)


ARTICLES = {
    "returns.md": """---
title: Returning an item
id: returns
topic: returns
---

You have 30 days after delivery to return an item. Announce the return in the chat first.
The label comes by e-mail and costs 3.90 EUR. Print it and stick it on the parcel.

## Refund of a return
The refund goes to the original payment method. It takes 5 to 7 working days after the parcel
arrives. Gift cards are refunded at once. You get an e-mail when the money is on its way.
""",
    "returns-gold.md": """---
title: Returns for Gold members
id: returns-gold
topic: returns
audience: [gold]
---

As a Gold member you have 60 days after delivery to return an item. The label is free.
Announce the return in the chat first. Print the label and stick it on the parcel.
""",
    "delivery-austria.md": """---
title: Delivery in Austria
id: delivery-austria
topic: shipping
countries: [AT]
---

Parcels to Austria take 2 to 4 working days. Write the staircase and the door number into the
second address line. There are no customs and no extra charges.
""",
    "christmas.md": """---
title: Order in time for Christmas
id: christmas
topic: shipping
valid_from: 2026-11-02
valid_until: 2026-12-27
---

Order standard delivery by 17 December 2026 to have the parcel before Christmas Eve. Express orders
may follow until 22 December 2026 at 14:00.
""",
    "descaling.md": """# Descaling a coffee machine

Descale the coffee machine every two months. You need a liquid descaler and one litre of water.

1. Fill the tank with descaler and water.
2. Start the descaling programme and put a bowl under the outlet.
3. Rinse the tank and fill it with fresh water.
""",
}


@pytest.fixture
def make_encoder() -> Callable[..., FakeEncoder]:
    return FakeEncoder


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def settings(tmp_path: Path) -> KnowledgeSettings:
    return KnowledgeSettings(home=tmp_path / "var")


@pytest.fixture
def store(settings: KnowledgeSettings):  # type: ignore[no-untyped-def]
    opened = KnowledgeStore(settings.database)
    yield opened
    opened.close()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder

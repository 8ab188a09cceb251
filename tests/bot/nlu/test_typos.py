"""Misspelt copies are near their originals, and the same for the same seed."""

from __future__ import annotations

import numpy as np
from rapidfuzz.distance import Levenshtein

from bot.nlu.training_text import Span
from bot.nlu.typos import misspell, misspell_marked

TEXT = "please tell me where the parcel with order HV-104233 has been since yesterday, it is 3 days late"


def test_most_words_stay_and_some_change() -> None:
    rng = np.random.default_rng(3)
    copies = [misspell(TEXT, rng) for _ in range(200)]
    distances = [Levenshtein.distance(TEXT, copy) for copy in copies]
    assert 1 < np.mean(distances) < 6
    assert max(distances) < len(TEXT) / 4


def test_numbers_and_short_words_are_left_alone() -> None:
    rng = np.random.default_rng(3)
    joined = "".join(misspell(TEXT, rng) for _ in range(200))
    assert joined.count("HV-104233") == 200


def test_the_same_seed_gives_the_same_copies() -> None:
    assert misspell(TEXT, np.random.default_rng(5)) == misspell(TEXT, np.random.default_rng(5))


def test_odd_texts_survive() -> None:
    rng = np.random.default_rng(1)
    for text in ("", "   ", "👍", "ab", "a" * 5_000, "où est ma commande"):
        misspell(text, rng)
    assert misspell("", rng) == ""


def test_marks_stay_with_their_words() -> None:
    text = "I want (the gooseneck kettle), HV-104233"
    marks = [Span(12, 28, "product"), Span(31, 40, "order_id")]
    assert [text[mark.start : mark.end] for mark in marks] == ["gooseneck kettle", "HV-104233"]
    rng = np.random.default_rng(3)
    for _ in range(300):
        wrong, (product, order) = misspell_marked(text, marks, rng)
        assert wrong[order.start : order.end] == "HV-104233" and order.label == "order_id"
        found = wrong[product.start : product.end]
        assert found[0] in "go" and found.endswith("kettle")
        assert Levenshtein.distance("gooseneck kettle", found) <= 3

import math
from pathlib import Path

import numpy as np
import pytest

from knowledge.lexical import build_lexical, load_lexical, tokens

TEXTS = ["return an item within 30 days", "refund of a returned item", "coffee machine", "", "item item item"]


def naive(question: str) -> list[float]:
    """BM25 from its definition, divided by the idf of the question's words."""
    documents = [tokens(text) or [""] for text in TEXTS]
    average = sum(map(len, documents)) / len(documents)
    words = list(dict.fromkeys(tokens(question)))

    def idf(word: str) -> float:
        frequency = max(1, sum(word in document for document in documents))
        return math.log(1 + (len(documents) - frequency + 0.5) / (frequency + 0.5))

    def score(document: list[str]) -> float:
        total = 0.0
        for word in words:
            count = document.count(word)
            total += idf(word) * count / (count + 1.5 * (0.25 + 0.75 * len(document) / average)) if count else 0
        return total / sum(idf(word) for word in words)

    return [score(document) for document in documents]


@pytest.mark.parametrize("question", ["return item", "Refunds for coffee items?", "coffee spaceship", "item item"])
def test_scores_follow_the_definition(question: str) -> None:
    np.testing.assert_allclose(build_lexical(TEXTS).scores(question), naive(question), atol=1e-5)


@pytest.mark.parametrize("question", ["spaceship", "the of and", "", "?!"])
def test_a_question_without_known_words_scores_nothing(question: str) -> None:
    assert build_lexical(TEXTS).scores(question).tolist() == [0.0] * 5


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    index = build_lexical(TEXTS)
    index.save(tmp_path)
    loaded = load_lexical(tmp_path, len(TEXTS))
    np.testing.assert_array_equal(loaded.scores("return an item"), index.scores("return an item"))


def test_no_passages_at_all() -> None:
    assert build_lexical([]).scores("return an item").shape == (0,)


def test_singular_and_plural_are_one_word() -> None:
    assert tokens("The Batteries' boxes and the battery's box") == ["battery", "boxe", "battery", "box"]

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


def scores(question: str) -> np.ndarray:
    index = build_lexical(TEXTS)
    return index.scores(index.weights(question))


@pytest.mark.parametrize("question", ["return item", "Refunds for coffee items?", "coffee spaceship", "item item"])
def test_scores_follow_the_definition(question: str) -> None:
    np.testing.assert_allclose(scores(question), naive(question), atol=1e-5)


@pytest.mark.parametrize("question", ["spaceship", "the of and", "", "?!"])
def test_a_question_without_known_words_scores_nothing(question: str) -> None:
    assert scores(question).tolist() == [0.0] * 5


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    index = build_lexical(TEXTS)
    index.save(tmp_path)
    loaded = load_lexical(tmp_path)
    weights = loaded.weights("return an item")
    assert weights == index.weights("return an item")
    np.testing.assert_array_equal(loaded.scores(weights), index.scores(weights))


def test_single_places_score_as_all_of_them_do() -> None:
    index = build_lexical(TEXTS)
    weights = index.weights("refund of an item")
    places = np.array([4, 0, 3])
    np.testing.assert_array_equal(index.at(weights, places), index.scores(weights)[places])


def test_the_best_are_those_that_score_most_and_are_allowed() -> None:
    index = build_lexical(TEXTS)
    weights = index.weights("return item")
    assert sorted(index.best(weights, 2)) == sorted(np.argsort(-index.scores(weights))[:2])
    allowed = np.array([False, True, True, True, True])
    assert sorted(index.best(weights, 5, allowed)) == [1, 4]


def test_rare_words_choose_where_common_ones_are_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.lexical.MOST_POSTINGS", 2)
    index = build_lexical(TEXTS)
    assert sorted(index.best(index.weights("refund of an item"), 5)) == [1]


def test_a_part_is_weighed_as_the_whole_is() -> None:
    whole = build_lexical(TEXTS)
    part = build_lexical(TEXTS[1:2], whole.mean_length)
    weights = whole.weights("refund item")
    assert part.scores(weights)[0] == pytest.approx(whole.scores(weights)[1], abs=1e-6)


def test_no_passages_at_all() -> None:
    assert build_lexical([]).scores({"item": 1.0}).shape == (0,)


def test_singular_and_plural_are_one_word() -> None:
    assert tokens("The Batteries' boxes and the battery's box") == ["battery", "boxe", "battery", "box"]

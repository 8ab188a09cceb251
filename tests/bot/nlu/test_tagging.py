"""Tags of words from marked letters, and entities from scores, against cases worked out by hand."""

from __future__ import annotations

import itertools
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bot.nlu.chain_learning import ChainLoss
from bot.nlu.emoji import spell_emoji, spell_with_places
from bot.nlu.span_scores import score_spans
from bot.nlu.tag_chain import TagChain
from bot.nlu.tagging import IGNORED, Pieces, decode, pieces_of, tag_ids, tag_set
from bot.nlu.training_text import Span
from tests.bot.nlu.chains import free_chain

TAGS = tag_set(["product", "date", "product"])
FREE = free_chain(TAGS)
OUT, B_DATE, I_DATE, B_PRODUCT, I_PRODUCT = range(5)
# "my gooseneck kettle (red)" as a tokenizer cuts it, a mark at each end.
PIECES = pieces_of(
    SimpleNamespace(
        offsets=[(0, 0), (0, 2), (3, 8), (8, 12), (13, 19), (20, 21), (21, 24), (24, 25), (0, 0)],
        word_ids=[None, 0, 1, 1, 2, 3, 4, 5, None],
    )
)
WORDS = (1, 2, 4, 5, 6, 7)


def scores(*best: int, sure: float = 5.0) -> np.ndarray:
    """One tag a word likeliest; the other pieces say something else, loudly."""
    values = np.zeros((len(PIECES.words), len(TAGS)), np.float32)
    values[:, B_DATE] = 9.0
    values[list(WORDS)] = 0.0
    values[list(WORDS), best] = sure
    return values


def test_two_tags_for_each_kind() -> None:
    assert TAGS == ("O", "B-date", "I-date", "B-product", "I-product")
    assert tag_set([]) == ()


def test_only_the_first_piece_of_a_word_learns_a_tag() -> None:
    ids = tag_ids([Span(3, 19, "product")], PIECES, TAGS)
    assert ids.tolist() == [IGNORED, OUT, B_PRODUCT, IGNORED, I_PRODUCT, OUT, OUT, OUT, IGNORED]


def test_a_word_that_is_marked_in_part_belongs_to_the_span() -> None:
    assert tag_ids([Span(9, 14, "product")], PIECES, TAGS)[[2, 4]].tolist() == [B_PRODUCT, I_PRODUCT]
    assert set(tag_ids([Span(3, 19, "unknown")], PIECES, TAGS)) == {IGNORED, OUT}


def test_spans_have_whole_words_and_the_probability_of_the_least_sure() -> None:
    values = scores(OUT, B_PRODUCT, I_PRODUCT, OUT, B_DATE, OUT)
    values[4, I_PRODUCT] = 2.0
    product, day = decode(values, PIECES, FREE)
    assert (product.start, product.end, product.label) == (3, 19, "product")
    # After a word that is nearly sure to begin a product, only the going on of a date cannot be.
    assert product.confidence == pytest.approx(math.exp(2) / (math.exp(2) + 3), abs=0.01)
    assert (day.start, day.end, day.label) == (21, 24, "date")


def test_two_entities_of_a_kind_side_by_side_stay_two() -> None:
    found = decode(scores(OUT, B_PRODUCT, B_PRODUCT, OUT, OUT, OUT), PIECES, FREE)
    assert [(each.start, each.end) for each in found] == [(3, 12), (13, 19)]


def test_what_marks_and_absent_words_say_is_not_read() -> None:
    assert decode(scores(OUT, OUT, OUT, OUT, OUT, OUT), PIECES, FREE) == []
    nothing = Pieces(np.zeros(2, int), np.zeros(2, int), np.array([-1, -1]))
    assert decode(np.ones((2, len(TAGS)), np.float32), nothing, FREE) == []
    assert tag_ids([], nothing, TAGS).tolist() == [IGNORED, IGNORED]


def sequences(words: int) -> list[tuple[int, ...]]:
    """All that are possible."""
    return [
        tags
        for tags in itertools.product(range(len(TAGS)), repeat=words)
        if all(
            not TAGS[after].startswith("I-") or TAGS[before][2:] == TAGS[after][2:]
            for before, after in itertools.pairwise((OUT, *tags))
        )
    ]


def random_chain(rng: np.random.Generator) -> TagChain:
    starts, steps = rng.normal(0, 2, len(TAGS)), rng.normal(0, 2, (len(TAGS), len(TAGS)))
    return TagChain(TAGS, starts.astype(np.float32), steps.astype(np.float32))


def score_of(tags: tuple[int, ...], values: np.ndarray, chain: TagChain) -> float:
    steps = sum(chain.steps[before, after] for before, after in itertools.pairwise(tags))
    return float(chain.starts[tags[0]] + steps + sum(values[word, tag] for word, tag in enumerate(tags)))


@pytest.mark.parametrize("liking", [False, True])
def test_random_scores_decode_to_the_best_sequence_that_begins_each_entity(liking: bool) -> None:
    rng = np.random.default_rng(5)
    starts = np.arange(4) * 2
    pieces = Pieces(starts, starts + 1, np.arange(4))
    for _ in range(50):
        chain = random_chain(rng) if liking else FREE
        values = rng.normal(0, 2, (4, len(TAGS))).astype(np.float32)
        best = max(sequences(4), key=lambda tags: score_of(tags, values, chain))
        tagged = ["O"] * 4
        for each in decode(values, pieces, chain):
            inside = range(each.start // 2, (each.end + 1) // 2)
            for word in inside:
                tagged[word] = f"{'B' if word == inside[0] else 'I'}-{each.label}"
        assert tagged == [TAGS[tag] for tag in best]


def test_probabilities_are_those_of_all_possible_sequences() -> None:
    rng = np.random.default_rng(6)
    chain, values = random_chain(rng), rng.normal(0, 2, (3, len(TAGS))).astype(np.float32)
    weights = {tags: math.exp(score_of(tags, values, chain)) for tags in sequences(3)}
    expected = np.zeros((3, len(TAGS)))
    for tags, weight in weights.items():
        expected[range(3), tags] += weight / sum(weights.values())
    np.testing.assert_allclose(chain.probabilities(values), expected, atol=1e-5)


def test_the_loss_is_the_likelihood_of_what_is_marked_among_all_sequences() -> None:
    """A text of three words, one of two, one without any; the steps are those of the chain, none forbidden."""
    rng = np.random.default_rng(7)
    chain, values = random_chain(rng), rng.normal(0, 2, (3, 3, len(TAGS))).astype(np.float32)
    loss = ChainLoss(len(TAGS))
    with torch.no_grad():
        loss.starts.copy_(torch.from_numpy(chain.starts))
        loss.steps.copy_(torch.from_numpy(chain.steps))
    marked = [(OUT, B_DATE, I_DATE), (B_PRODUCT, OUT), ()]
    expected = 0.0
    for tags, scored in zip(marked[:2], values, strict=False):
        every = itertools.product(range(len(TAGS)), repeat=len(tags))
        expected += math.log(sum(math.exp(score_of(each, scored, chain)) for each in every))
        expected -= score_of(tags, scored, chain)
    padded = torch.tensor([[*tags, *[OUT] * (3 - len(tags))] for tags in marked])
    found = loss(torch.from_numpy(values), padded, torch.tensor([3, 2, 0]))
    assert float(found) == pytest.approx(expected / 5, rel=1e-5)
    found.backward()
    assert loss.steps.grad is not None and torch.isfinite(loss.steps.grad).all()
    assert float(loss(torch.from_numpy(values[2:]), padded[2:], torch.tensor([0]))) == 0.0


def test_a_chain_comes_back_from_its_facts() -> None:
    chain = random_chain(np.random.default_rng(8))
    again = TagChain.from_facts(json.loads(json.dumps(chain.facts())))
    assert again.tags == TAGS
    np.testing.assert_allclose(again.steps, chain.steps, atol=1e-5)
    np.testing.assert_allclose(again.starts, chain.starts, atol=1e-5)
    assert free_chain(()).facts() == {} and TagChain.from_facts({}).tags == ()


def test_precision_recall_and_f1_by_hand() -> None:
    """Three are marked, four found, two of them with the right letters and label."""
    marked = [[Span(0, 3, "a"), Span(4, 9, "b")], [Span(0, 5, "a")], []]
    found = [[Span(0, 3, "a"), Span(4, 8, "b")], [Span(0, 5, "a")], [Span(0, 5, "a")]]
    scored = score_spans(marked, found)
    assert (scored.precision, scored.recall) == (pytest.approx(2 / 4), pytest.approx(2 / 3))
    assert scored.f1 == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))
    assert score_spans([[]], [[]]).f1 == 0.0


@pytest.mark.parametrize("text", ["Jürgen 👍🏽 sagt  ok", "👍👎", "  ", "plain  text", "é😀"])
def test_each_letter_of_a_spelled_text_knows_where_it_stood(text: str) -> None:
    spelled, places = spell_with_places(text)
    assert spelled == spell_emoji(text) and len(places) == len(spelled)
    assert list(places) == sorted(places)
    for letter, place in zip(spelled, places, strict=True):
        assert letter == text[place] or not text[place].isalnum()

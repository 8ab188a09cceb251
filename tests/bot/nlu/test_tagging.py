"""Tags of words from marked letters, and entities from scores, against cases worked out by hand."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from bot.nlu.emoji import spell_emoji, spell_with_places
from bot.nlu.span_scores import score_spans
from bot.nlu.tagging import IGNORED, Pieces, decode, pieces_of, tag_ids, tag_set
from bot.nlu.training_text import Span

TAGS = tag_set(["product", "date", "product"])
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
    product, day = decode(values, PIECES, TAGS)
    assert (product.start, product.end, product.label) == (3, 19, "product")
    assert product.confidence == pytest.approx(math.exp(2) / (math.exp(2) + 4))
    assert (day.start, day.end, day.label) == (21, 24, "date")


def test_two_entities_of_a_kind_side_by_side_stay_two() -> None:
    found = decode(scores(OUT, B_PRODUCT, B_PRODUCT, OUT, OUT, OUT), PIECES, TAGS)
    assert [(each.start, each.end) for each in found] == [(3, 12), (13, 19)]


def test_what_marks_and_absent_words_say_is_not_read() -> None:
    assert decode(scores(OUT, OUT, OUT, OUT, OUT, OUT), PIECES, TAGS) == []
    nothing = Pieces(np.zeros(2, int), np.zeros(2, int), np.array([-1, -1]))
    assert decode(np.ones((2, len(TAGS)), np.float32), nothing, TAGS) == []
    assert tag_ids([], nothing, TAGS).tolist() == [IGNORED, IGNORED]


def test_random_scores_decode_to_the_best_sequence_that_begins_each_entity() -> None:
    rng = np.random.default_rng(5)
    starts = np.arange(4) * 2
    pieces = Pieces(starts, starts + 1, np.arange(4))
    sequences = [
        tags
        for tags in itertools.product(range(len(TAGS)), repeat=4)
        if all(
            not TAGS[after].startswith("I-") or TAGS[before][2:] == TAGS[after][2:]
            for before, after in itertools.pairwise((OUT, *tags))
        )
    ]
    for _ in range(50):
        values = rng.normal(0, 2, (4, len(TAGS))).astype(np.float32)
        best = max(sequences, key=lambda tags: sum(values[word, tag] for word, tag in enumerate(tags)))
        tagged = ["O"] * 4
        for each in decode(values, pieces, TAGS):
            inside = range(each.start // 2, (each.end + 1) // 2)
            for word in inside:
                tagged[word] = f"{'B' if word == inside[0] else 'I'}-{each.label}"
        assert tagged == [TAGS[tag] for tag in best]


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

"""Typing mistakes: as many as said, one edit each, and the same every time."""

from __future__ import annotations

import random

import pytest

from benchmarks.typos import edit, misspelled_letters, misspelled_words

TEXTS = [f"where is order {number} that you promised for monday" for number in range(400)]


def changed_words(texts: list[str]) -> list[tuple[str, str]]:
    return [
        (old, new)
        for before, after in zip(TEXTS, texts, strict=True)
        for old, new in zip(before.split(), after.split(), strict=True)
        if old != new
    ]


def is_one_edit(old: str, new: str) -> bool:
    swaps = {old[:k] + old[k + 1] + old[k] + old[k + 2 :] for k in range(len(old) - 1)}
    drops = {old[:k] + old[k + 1 :] for k in range(len(old))}
    doubles = {old[: k + 1] + old[k:] for k in range(len(old))}
    other = len(old) == len(new) and sum(a != b for a, b in zip(old, new, strict=True)) == 1
    return new in swaps | drops | doubles or other


def test_about_a_tenth_of_the_words_get_one_edit_each() -> None:
    changed = changed_words(misspelled_words(TEXTS, 0.1, seed=1))
    words = 8 * len(TEXTS)
    assert 0.08 < len(changed) / words < 0.12
    assert all(is_one_edit(old, new) for old, new in changed)


def test_numbers_and_single_letters_are_left_alone() -> None:
    assert misspelled_words(["7 a 2024"], 1.0, seed=1) == ["7 a 2024"]


def test_a_tenth_of_the_letters_is_harsher() -> None:
    few = changed_words(misspelled_words(TEXTS, 0.1, seed=1))
    many = changed_words(misspelled_letters(TEXTS, 0.1, seed=1))
    assert len(many) > 2.5 * len(few)


def test_the_mistakes_of_a_text_do_not_depend_on_the_others() -> None:
    assert misspelled_words(TEXTS, 0.1, seed=1)[5:7] == misspelled_words(TEXTS[5:7], 0.1, seed=1)
    assert misspelled_words(TEXTS, 0.1, seed=1) != misspelled_words(TEXTS, 0.1, seed=2)


def test_nothing_is_changed_where_nothing_shall_be() -> None:
    assert misspelled_words(TEXTS, 0.0, seed=1) == TEXTS
    assert misspelled_letters(TEXTS, 0.0, seed=1) == TEXTS


@pytest.mark.parametrize("word", ["ab", "Ärger", "ÉTÉ", "zz"])
def test_every_word_survives_an_edit_at_every_place(word: str) -> None:
    for place in range(len(word)):
        for seed in range(20):
            assert is_one_edit(word, edit(word, place, random.Random(seed))) or word == "zz"


def test_case_stays_when_a_neighbouring_key_is_hit() -> None:
    found = {edit("Q", 0, random.Random(seed)) for seed in range(60)}
    assert found == {"W", "A", "QQ"}

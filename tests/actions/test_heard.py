"""What a message says in so many words, where its intent is in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.heard import asks_who_is_there, says_yes_or_no, takes_back, wants_person
from tests.actions.test_tone import CALM

DOUBTFUL = replace(CALM, intent="nlu_unsure")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes, that would be lovely, thank you very much indeed!", True),
        ("oh yes please, go ahead", True),
        ("hmm no, leave the address as it is", False),
        ("no wait, keep it", False),
        ("yes, but to my other card", None),
        ("yes, how long does it take?", None),
        ("no, how much is it?", None),
        ("no idea", None),
        ("what happens now", None),
    ],
)
def test_a_yes_and_a_no_by_their_first_word(text: str, meant: bool | None) -> None:
    assert says_yes_or_no(replace(DOUBTFUL, text=text)) is meant


def test_a_no_that_sounds_like_the_task() -> None:
    turn = replace(CALM, intent="change_address", text="hmm no, leave the address as it is please")
    assert says_yes_or_no(turn) is False


def test_another_wish_is_no_answer() -> None:
    assert says_yes_or_no(replace(CALM, intent="change_address", text="no, I want to change the address")) is None


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("I want a refund for the lamp - no, keep it", True),
        ("no wait, keep it", True),
        ("actually, never mind", True),
        ("hmm, I'll keep it", True),
        ("I'd like to keep it but exchange the colour", False),
        ("cancel it, I don't want to keep it", False),
        ("never mind the delay, where is it", False),
    ],
)
def test_what_is_taken_back(text: str, back: bool) -> None:
    assert takes_back(text) is back


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yes a person", True),
        ("ok person please", True),
        ("no person", False),
        ("a person stole my parcel from the porch", False),
    ],
)
def test_who_asks_for_a_person(text: str, wanted: bool) -> None:
    assert wants_person(replace(DOUBTFUL, text=text)) is wanted


def test_who_asks_whether_anybody_is_there() -> None:
    assert asks_who_is_there("still there?") and asks_who_is_there("hello, are you still there??")
    assert not asks_who_is_there("is the lamp still there?")

"""Mistyped words are put right for the encoder, and nothing else is touched."""

from __future__ import annotations

import pytest

from bot.nlu.spelling import SpellingRepair, whole_words

EXAMPLES = {"kettle": 9, "order": 30, "descale": 4, "return": 12, "delivery": 8, "card": 20, "cart": 2, "the": 50}
KNOWN = ("carton", "access", "blend", "letter", "where", "from")
REPAIR = SpellingRepair(EXAMPLES, KNOWN)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("hw do I descale my ketle", "hw do I descale my kettle"),
        ("Where is my ordre?", "Where is my order?"),
        ("whree is the delievry, pls", "where is the delivery, pls"),
        ("KETTEL is broken", "KETTEL is broken"),
        ("my cardd", "my card"),
        ("frmo home", "from home"),
    ],
)
def test_a_mistyped_word_becomes_the_one_that_is_meant(text: str, meant: str) -> None:
    assert REPAIR.repair(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "accessing the blender",  # an ending makes a word of a known one
        "HV-104109 and kettel@example.com, www.kettel.de",
        "Lindenweg 4, Herr Brauneisen",
        "xyzzyplugh",
        "",
        "ketle's",
    ],
)
def test_what_is_no_mistyped_word_stays(text: str) -> None:
    assert REPAIR.repair(text) is text


def test_of_words_as_near_the_commoner_of_the_examples_is_meant() -> None:
    assert SpellingRepair({"card": 20, "care": 2}, ("carp",)).repair("my carx") == "my card"


def test_pieces_of_words_and_short_ones_are_no_words() -> None:
    assert whole_words(["kettle", "##tle", "[CLS]", "a", "it", "Ab", "naïve", "2026"]) == ["kettle", "naïve"]

"""Where a message may be cut, by its letters alone."""

from __future__ import annotations

import pytest

from bot.nlu.segments import MOST_LETTERS, MOST_SEGMENTS, Link, segments


def cut(text: str) -> list[str]:
    return [text[each.start : each.end] for each in segments(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Where is my order and how do I return the lamp?", ["Where is my order", "how do I return the lamp?"]),
        ("cancel HV-104109. also, do you sell gift cards?", ["cancel HV-104109.", "do you sell gift cards?"]),
        ("thanks! one more thing: change my address", ["thanks!", "change my address"]),
        ("my order is late, can I talk to somebody", ["my order is late", "can I talk to somebody"]),
        ("where's my order also do you have gift cards", ["where's my order", "do you have gift cards"]),
        ("where is my order\nand I want to pay by card", ["where is my order", "I want to pay by card"]),
        ("Where is it?And how can I pay by card?", ["Where is it?", "how can I pay by card?"]),
        ("track my parcel & cancel the other order", ["track my parcel", "cancel the other order"]),
        ("I like it. By the way: is the kettle back in stock?", ["I like it.", "is the kettle back in stock?"]),
    ],
)
def test_a_message_may_fall_apart_there(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "red and blue",
        "yes and no",
        "12 Rose Street and Berlin",
        "I want to return the lamp because it is broken and does not work",
        "my parcel has not come and I am angry",
        "do you have the lamp in black and in white with a dimmer",
        "can you also tell me how many points I have",
        "salt and pepper mill with a ceramic grinder, 20 cm",
    ],
)
def test_nothing_is_cut_inside_a_clause(text: str) -> None:
    assert segments(text) == []


def test_a_word_that_adds_is_told_from_the_end_of_a_sentence() -> None:
    links = [each.link for each in segments("Where is my order? How much is the lamp? Also, change my address please")]
    assert links == [Link.NONE, Link.SENTENCE, Link.ADDED]
    assert segments("where is my order, do you sell gift cards?")[1].link is Link.CLAUSE


def test_long_stories_are_left_whole() -> None:
    assert not segments("I waited for it. " * (MOST_SEGMENTS + 1))
    assert not segments("Where is my order? " + "It is late " * MOST_LETTERS)


def test_odd_texts_become_few_parts_within_the_text() -> None:
    for odd in ("a" * 900, "and " * 240, ", " * 400, "?! " * 300, "also, " * 150, "one " * 240):
        found = segments(odd)
        assert len(found) <= MOST_SEGMENTS
        assert all(0 <= each.start < each.end <= len(odd) for each in found)

from __future__ import annotations

import pytest
import yaml

from bot.nlu.spaces import Speller, word_counts
from bot.settings import PROJECT


@pytest.fixture(scope="module")
def examples() -> list[str]:
    return [
        line.removeprefix("- ").strip()
        for path in sorted((PROJECT / "bot" / "data" / "nlu").glob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in entry.get("examples", "").splitlines()
    ]


@pytest.fixture(scope="module")
def speller(examples: list[str]) -> Speller:
    return Speller(word_counts(examples))


@pytest.mark.parametrize(
    ("joined", "words"),
    [
        ("whereismyorder", "where is my order"),
        ("WhereIsMyOrder?", "Where Is My Order?"),
        ("hello, iwanttocancelmyorder please", "hello, i want to cancel my order please"),
        ("canireturnthis", "can i return this"),
    ],
)
def test_words_that_run_together_are_parted(speller: Speller, joined: str, words: str) -> None:
    assert speller.with_spaces(joined) == words


@pytest.mark.parametrize(
    "text",
    [
        "Waschmaschine",
        "headphones",
        "whereismyorder@example.com",
        "www.whereismyorder.com",
        "HV-104233",
        "asdfghjklqwertz",
        "",
    ],
)
def test_what_is_one_word_stays_one(speller: Speller, text: str) -> None:
    assert speller.with_spaces(text) == text


def test_no_example_of_the_bot_is_changed(speller: Speller, examples: list[str]) -> None:
    assert not [text for text in examples if speller.with_spaces(text) != text]


def test_a_long_run_takes_no_long_time(speller: Speller) -> None:
    assert speller.with_spaces("order" * 1_600) == "order" * 1_600

"""Nothing of a customer's is left in what becomes an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu_tools.examples import Example, blocks_of, plain_of
from bot.nlu_tools.made_up import Vocabulary, doubtful, made_up, personal_left, shown

KNOWN = {
    "first_name": "Dagmar",
    "last_name": "Quill",
    "address1": "Lindenstr. 12",
    "city": "Gelsenkirchen",
    "postcode": "45879",
    "email": "dagmar.quill@mail.test",
}
FILE = """\
nlu:
- intent: order_status
  examples: |
    - where is my order [HV-104233](order_id)
    - hello this is [Anna](name), my mail is [a@example.com](email)
    - Please send it to my new address, not the old one
"""


def examples() -> list[Example]:
    return [example for block in blocks_of(Path("nlu.yml"), FILE) for example in block.examples]


VOCABULARY = Vocabulary.of(examples())


@pytest.mark.parametrize(
    ("typed", "personal"),
    [
        ("where is order HV-998877", ["998877"]),
        ("my mail is dagmar.quill@mail.test please", ["quill", "mail.test"]),
        ("Dagmar Quill here, send it to LINDENSTR. 12 in gelsenkirchen", ["Dagmar", "Quill", "LINDENSTR", "gelsenk"]),
        ("call +49 209 555 0199 or 0209/5550199", ["209", "0199"]),
        ("my code ABCD-2345-WXYZ and card 4111111111111111", ["WXYZ", "4111"]),
        ("postcode 45879", ["45879"]),
    ],
)
def test_personal_data_are_replaced_and_hidden(typed: str, personal: list[str]) -> None:
    marked = made_up(typed, KNOWN, VOCABULARY)
    for piece in personal:
        assert piece.casefold() not in marked.casefold()
        assert piece.casefold() not in shown(typed, KNOWN).casefold()
    assert personal_left(typed, KNOWN, marked) == []
    assert made_up(typed, KNOWN, VOCABULARY) == marked


def test_made_up_values_are_marked_as_the_examples_mark_them() -> None:
    marked = made_up("where is HV-998877, mail dagmar.quill@mail.test", KNOWN, VOCABULARY)
    assert marked == "where is [HV-104233](order_id), mail [alex.miller@example.com](email)"
    assert made_up("where is HV-998877", KNOWN, Vocabulary.of([])) == "where is HV-100001"


def test_a_text_without_personal_data_stays_as_it_is() -> None:
    typed = "Why is the kettle 20 EUR more since 2024-05-02?"
    assert made_up(typed, KNOWN, VOCABULARY) == typed
    assert made_up("a [mark](product)", {}, VOCABULARY) == "a (mark)(product)"


def test_what_somebody_edited_back_in_is_noticed() -> None:
    assert personal_left("I am Dagmar, order HV-998877", KNOWN, "I am dagmar, order [HV-104233](order_id)") == [
        "dagmar"
    ]
    assert personal_left("order HV-998877", {}, "order [HV-998877](order_id)") == ["hv998877"]


def test_words_that_may_be_a_name_are_pointed_out() -> None:
    assert doubtful("my order went to Heinrich", VOCABULARY) == ["Heinrich"]
    assert doubtful("hello this is heinrich", VOCABULARY) == ["heinrich"]
    assert doubtful("Please, where is my order HV-104233?", VOCABULARY) == []
    # The examples know an Anna, who is invented; this one need not be.
    assert doubtful("Please, where is my order? This is Anna", VOCABULARY) == ["Anna"]
    assert doubtful(made_up("Dagmar Quill, Lindenstr. 12", KNOWN, VOCABULARY), VOCABULARY) == []
    assert plain_of(made_up("Dagmar", KNOWN, VOCABULARY)) == "Alex"

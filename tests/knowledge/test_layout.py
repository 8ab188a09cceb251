"""How an answer reads: rows of tables as people would write them, steps with their numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.answer import Answer, compose
from knowledge.hits import Hit
from knowledge.ingest import ingest_path
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

SHIPPING = """# Shipping

All prices include VAT; a basic fee is not added.

| Delivery | Bronze | Plus |
|---|---|---|
| Standard | 4.90 EUR | free |
| Standard, free from an order of | 50 EUR | - |
| Express | 9.90 EUR | 9.90 EUR |
"""
ADVICE = "---\naudience: [bronze, plus]\n---\nAn article for two tiers, so that the shop is known to have them.\n"
VAT = "# Rates\n\n| Country | VAT |\n|---|---|\n| Germany | 19 % |\n| Austria | 20 % |\n| France | 20 % |\n"
STATUS = """# Status

| Status | What it means | What you can do |
|---|---|---|
| Pending | We have your order; packing has not started. | Cancel it, change the address |
| Shipped | The carrier has it. | Follow it, with the number |
"""
LIGHTS = """# Lights

The lamp says:

| Light | Meaning |
|---|---|
| blinking red | resetting |
| white | all is well |
"""
OPENED = """# What goes back

Coffee that was opened stays with you.

| Item | Unopened | Opened |
|---|---|---|
| Coffee | can go back | stays |
| Filters | can go back | can go back |
"""
STEPS = """# Cleaning the lamp

The lamp likes dry cloths.

1. Unplug it.
2. Wait ten minutes. It must be cold.
3. Wipe it.

You need:

- a cloth
- patience
"""


@pytest.fixture
def answer(store: KnowledgeStore, settings: KnowledgeSettings, tmp_path: Path) -> Callable[..., Answer]:
    """What is said to a question whose nearest passage is that of `text`, and in it these sentences."""

    def ask(
        text: str, question: str, places: tuple[int, ...], tier: str | None = None, country: str | None = None
    ) -> Answer:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        (folder / "a.md").write_text(text)
        (folder / "tiers.md").write_text(ADVICE)
        assert ingest_path(store, folder).skipped == []
        passage = next(each for each in store.list_passages() if each.document_id == "a")
        hits = [Hit(passage.passage_id, 0.9, 0.9, 0.9, places, 0.9)]
        return compose(store, question, hits, tier, country, settings)

    return ask


def test_a_row_of_prices_says_each_price_once_with_whose_it_is(answer) -> None:
    said = answer(SHIPPING, "what does it cost to have it sent", (1, 2, 3))
    assert said.text == (
        "- Standard: 4.90 EUR (Bronze), free (Plus)\n"
        "- Standard, free from an order of: 50 EUR (Bronze)\n"
        "- Express: 9.90 EUR (Bronze, Plus)"
    )
    # What is quoted stays as it is searched.
    assert said.sentences[0] == "Standard \u2013 bronze: 4.90 EUR; plus: free."


def test_a_row_that_the_question_names_stands_alone_with_those_that_say_more_of_it(answer) -> None:
    assert answer(SHIPPING, "what does express cost", (1, 2, 3)).text == "Express: 9.90 EUR (Bronze, Plus)."
    assert "Express" not in answer(SHIPPING, "what does standard delivery cost", (1, 3)).text
    assert "50 EUR" in answer(SHIPPING, "what does standard delivery cost", (1, 3)).text


def test_of_columns_by_tier_the_customers_own_is_shown(answer) -> None:
    said = answer(SHIPPING, "what does it cost to have it sent", (1, 2, 3), tier="plus").text
    assert said == "Plus:\n- Standard: free\n- Express: 9.90 EUR"
    assert answer(SHIPPING, "what does express cost", (3,), tier="bronze").text == "Express (Bronze): 9.90 EUR."


def test_the_value_of_a_country_is_said_with_what_it_is(answer) -> None:
    assert answer(VAT, "how much VAT in Austria", (0, 1)).text == "VAT (Austria): 20 %."
    assert answer(VAT, "how much VAT is it", (0, 1), country="FR").text == "VAT (France): 20 %."
    assert answer(VAT, "how much is it", (0, 1)).text == "VAT:\n- Germany: 19 %\n- Austria: 20 %\n- France: 20 %"


def test_a_row_of_sentences_is_written_below_its_name(answer) -> None:
    assert answer(STATUS, "what does pending mean", (0, 1)).text == (
        "Pending:\n- What it means: We have your order; packing has not started.\n"
        "- What you can do: Cancel it, change the address"
    )


def test_a_columns_name_that_says_nothing_is_left_out(answer) -> None:
    assert answer(LIGHTS, "what does it say", (0, 1, 2)).text == (
        "The lamp says:\n- Blinking red: resetting\n- White: all is well"
    )
    assert answer(LIGHTS, "the light is white", (1, 2)).text.endswith("White: all is well.")


def test_columns_that_are_words_are_written_small(answer) -> None:
    assert answer(OPENED, "what can go back", (1, 2)).text == (
        "- Coffee: can go back (unopened), stays (opened)\n- Filters: can go back (unopened, opened)"
    )


def test_steps_keep_their_numbers_and_lists_their_lines(answer) -> None:
    assert answer(STEPS, "how do I clean the lamp", (1, 2)).text == (
        "1. Unplug it.\n2. Wait ten minutes. It must be cold.\n3. Wipe it."
    )
    assert answer(STEPS, "what is needed for the lamp", (5, 6, 7)).text == "You need:\n- a cloth\n- patience"


def test_prose_stays_one_paragraph(answer) -> None:
    said = answer("# Lamps\n\nA lamp shines. It is warm.\n\nIt is sold in two colours.", "lamps", (0, 1, 2))
    assert said.text == "A lamp shines. It is warm. It is sold in two colours."


CONTACT = """# Contact

Write at any time.

## Good to have at hand

- The number of the order
- A photo of the fault
"""
CODES = "# Codes that do not work\n\n| Message | What to do |\n|---|---|\n" + "".join(
    f"| {name} | Look at it with care, and then try the code in step {number} again without any blanks |\n"
    for number, name in enumerate(
        ("Unknown code", "Expired code", "Used code", "Foreign code", "Second code", "No sum")
    )
)
CLAIM = """# Claims

## The steps

1. Open the chat.
2. Describe the fault of the lamp.

## The times

| Step | Time |
|---|---|
| Claim of a lamp is checked | 3 days |
| Claim of a lamp is answered | 5 days |
"""


def test_a_list_that_nothing_introduces_is_shown_under_its_heading(answer, store) -> None:
    answer(CONTACT, "contact", (0,))
    listed = next(each for each in store.list_passages() if each.heading == "Good to have at hand")
    said = compose(store, "what do you need of me", [Hit(listed.passage_id, 0.9, 0.9, 0.9, (0, 1), 0.9)])
    assert said.text == "Good to have at hand:\n- The number of the order.\n- A photo of the fault."


def test_of_a_long_table_the_part_with_the_row_that_is_asked_for_answers(answer, store) -> None:
    answer(CODES, "codes", (0,))
    first, *others = [each for each in store.list_passages() if each.document_id == "a"]
    assert "Unknown code" in first.text and others
    hits = [Hit(each.passage_id, score, 0.9, 0.9, (0, 1), 0.9) for each, score in ((others[0], 0.9), (first, 0.8))]
    said = compose(store, "what does the message unknown code mean", hits)
    assert said.text.startswith("Unknown code: Look at it with care")


def test_asked_how_steps_go_before_a_table_of_times(answer, store) -> None:
    answer(CLAIM, "claims", (0,))
    steps, times = [each for each in store.list_passages() if each.document_id == "a"]
    hits = [Hit(each.passage_id, score, 0.9, 0.9, (0, 1), 0.9) for each, score in ((times, 0.9), (steps, 0.85))]
    assert compose(store, "how do I make a claim", hits).text.startswith("1. Open the chat.\n2. ")
    assert "3 days" in compose(store, "when is a claim answered", hits).text

"""Planted contradictions, and what only looks like one: two articles each, as a shop would write them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.build import build_index
from knowledge.care.contradictions import find_contradictions
from knowledge.care.corpus import read_corpus
from knowledge.care.facts import read_free, read_hours
from knowledge.index import open_index
from knowledge.ingest import ingest_path

TODAY = date(2026, 11, 24)
# So that words are not in half of all articles.
OTHERS = (
    "Lamps are packed in paper and cardboard. The bulb lies beside.",
    "Cookies keep you signed in. Statistics are made without names.",
    "Pans of iron like oil. Water makes them rust.",
    "Staff answer in the order in which customers write.",
    "Points are shown in the account. They are added at night.",
)

CONTRADICTIONS = {
    "days": (
        ("Returns", "You can return an item within 30 days after delivery."),
        ("Questions on returns", "An item can be returned within 14 days after delivery."),
    ),
    "the currency before the amount": (
        ("Express delivery", "Express delivery to any of our countries costs 9.90 EUR per order."),
        ("Questions on delivery", "Express delivery to any of our countries costs EUR 12.50 per order."),
    ),
    "words for numbers, and other units": (
        ("Exchanging", "Send the old item within fourteen days of announcing the exchange."),
        ("Questions on exchanges", "Send the old item within three weeks of announcing the exchange."),
    ),
    "free against a price": (
        ("Gift wrapping", "Gift wrapping is free for every order."),
        ("Questions on gift wrapping", "Gift wrapping costs 3.50 EUR for every order."),
    ),
    "opening hours": (
        ("Phone", "Our staff answer the phone in the workshop from Monday to Friday, 9:00 to 17:00."),
        ("The phone", "Our staff answer the phone in the workshop from Monday to Friday, 8:00 to 20:00."),
    ),
    "percent": (
        ("The newsletter", "Subscribers of the newsletter get 10 % off their first order."),
        ("Questions on the newsletter", "Subscribers of the newsletter get 15 percent off their first order."),
    ),
    "a table against prose": (
        (
            "Delivery of plants",
            "| What | Price |\n|---|---|\n| Delivery of trees or shrubs in heavy pots | 19 EUR |",
        ),
        ("Plants", "Delivery of trees or shrubs in heavy pots costs 25 EUR."),
    ),
}
NONE = {
    "another unit for the same": (
        ("Refunds", "The refund is on your account two weeks after the parcel has arrived."),
        ("Questions on refunds", "The refund is on your account 14 days after the parcel has arrived."),
    ),
    "months for years": (
        ("Spare parts", "Spare parts for lamps are kept for two years."),
        ("Questions on spare parts", "Spare parts for lamps are kept for 24 months."),
    ),
    "another way to write the amount": (
        ("The return label", "The return label costs 3.90 EUR."),
        ("Questions on the return label", "The return label costs €3.90."),
    ),
    "countries in the sentence": (
        ("Customs in Norway", "Customs for a parcel to Norway take 5 days."),
        ("Customs in Switzerland", "Customs for a parcel to Switzerland take 9 days."),
    ),
    "two products": (
        ("Kettle Breva", "The kettle Breva holds 1.7 litres and boils in 4 minutes."),
        ("Kettle Tavo", "The kettle Tavo holds 1.0 litres and boils in 3 minutes."),
    ),
    "two devices": (
        ("Cleaning the oven", "Spray the oven with soda, wait for thirty minutes, and wipe it with a damp cloth."),
        ("Cleaning the grill", "Spray the grill with soda, wait for ten minutes, and wipe it with a damp cloth."),
    ),
    "free on a condition": (
        ("Standard delivery", "Standard delivery is free from an order of 50 EUR."),
        ("Questions on delivery", "Standard delivery costs 4.90 EUR."),
    ),
    "hours of other days": (
        ("Phone", "You reach us by phone from Monday to Friday, 9:00 to 17:00."),
        ("Phone on Saturday", "You reach us by phone on Saturday, 10:00 to 14:00."),
    ),
    "a limit and what is usual": (
        ("Repairs", "A repair usually takes 5 working days."),
        ("Questions on repairs", "A repair takes at most 10 working days."),
    ),
}


def found_in(pair: tuple[tuple[str, str], ...], heads: tuple[str, str], tools: tuple[Any, ...]) -> list[Any]:
    folder, store, settings, encoder = tools
    folder.mkdir()
    for number, ((title, body), head) in enumerate(zip(pair, heads, strict=True)):
        (folder / f"{number}.md").write_text(f"---\ntitle: {title}\n{head}\n---\n{body}\n")
    for number, body in enumerate(OTHERS):
        (folder / f"other-{number}.md").write_text(f"# Other {number}\n\n{body}\n")
    assert ingest_path(store, folder).skipped == []
    build_index(settings, encoder)
    return find_contradictions(read_corpus(store, open_index(settings.index_folder), TODAY))


@pytest.fixture
def tools(tmp_path: Path, store: Any, settings: Any, encoder: Any) -> tuple[Any, ...]:
    return tmp_path / "planted", store, settings, encoder


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_planted_contradiction_is_found_with_both_sentences(name: str, tools: tuple[Any, ...]) -> None:
    (finding,) = found_in(CONTRADICTIONS[name], ("", ""), tools)
    assert sorted(finding.articles) == ["0", "1"]
    assert len({each.text for each in finding.evidence}) == 2


@pytest.mark.parametrize("name", NONE)
def test_what_only_looks_like_a_contradiction_is_left_alone(name: str, tools: tuple[Any, ...]) -> None:
    assert found_in(NONE[name], ("", ""), tools) == []


@pytest.mark.parametrize(
    "heads",
    [
        ("countries: [AT]", "countries: [FR]"),
        ("audience: [gold]", "audience: [silver]"),
        ("valid_until: 2025-12-31", ""),
        ("valid_until: 2026-12-31", "valid_from: 2027-01-01"),
    ],
)
def test_other_people_and_other_times_are_told_other_amounts(heads: tuple[str, str], tools: tuple[Any, ...]) -> None:
    assert found_in(CONTRADICTIONS["days"], heads, tools) == []


@pytest.mark.parametrize(
    ("sentence", "hours"),
    [
        ("The hotline is open 12 pm to 12 am.", (12.0, 0.0)),
        ("Open from Monday to Friday, 9:00 to 17:00.", (9.0, 17.0)),
        ("Open on Sunday, 9:30 am \u2013 5 pm.", (9.5, 17.0)),
        ("Open 9:00 to 12:00 and 13:00 to 17:00.", None),
        ("Read pages 9 to 17, and version 1.10 to 2.20.", None),
    ],
)
def test_hours_are_read_where_a_sentence_gives_one_time(sentence: str, hours: tuple[float, float] | None) -> None:
    assert [(fact.low, fact.high) for fact in read_hours(sentence)] == ([hours] if hours else [])


def test_free_counts_without_a_condition_alone() -> None:
    assert read_free("The label is free of charge.") and read_free("Gift wrapping is free for all orders.")
    for sentence in ("Delivery is free from 50 EUR.", "Returns are free for members.", "Feel free to call."):
        assert read_free(sentence) == []

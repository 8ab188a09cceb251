from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.entities import PatternEntityExtractor, find_entities
from bot.nlu.gazetteer import Gazetteer

TODAY = date(2024, 5, 15)  # a Wednesday
SHOP = Gazetteer(
    products=(
        "Solvik gooseneck kettle 1.0 l",
        "Solvik quick kettle 1.7 l",
        "Auralin Hush noise-cancelling headphones",
        "Lumen desk lamp",
        "Lumen desk lamp with clamp",
    ),
    categories=("coffee and tea", "smart home", "audio"),
    options=("black", "warm white", "grey", "1.7 l"),
    order_prefixes=("HV-",),
)


def found(text: str, entity: str, shop: Gazetteer = SHOP) -> list[str | int]:
    return [each.value for each in find_entities(text, TODAY, shop) if each.entity == entity]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("where is HV-104233?", "HV-104233"),
        ("hv 104233", "HV-104233"),
        ("HV104233 please", "HV-104233"),
        ("#HV-104233", "HV-104233"),
        ("order 104233", "HV-104233"),
        ("my order number is 104233", "HV-104233"),
        ("it's #104233", "HV-104233"),
        ("104233", "HV-104233"),
        ("w7678072", "W7678072"),
        ("#W7678072", "W7678072"),
    ],
)
def test_order_numbers_however_they_are_written(text: str, value: str) -> None:
    assert found(text, "order_id") == [value]


def test_order_numbers_of_an_imported_shop() -> None:
    shop = Gazetteer(order_prefixes=("W",))
    assert found("order 7678072 and #w7678073", "order_id", shop) == ["W7678072", "W7678073"]


@pytest.mark.parametrize(
    "text", ["my code is 482913", "in 10115 Berlin", "+49 30 1234567", "1299.00 EUR", "24.12.2023"]
)
def test_other_numbers_are_no_order(text: str) -> None:
    assert found(text, "order_id") == []


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("write to Anna.Berger@Example.com.", "email", "anna.berger@example.com"),
        ("call +49 30 1234567", "phone", "+49301234567"),
        ("0176 5551234 is mine", "phone", "01765551234"),
        ("49,90 €", "amount", "49.90 EUR"),
        ("$20", "amount", "20.00 USD"),
        ("1.299,00 EUR", "amount", "1299.00 EUR"),
        ("under 1,299.50 euros", "amount", "1299.50 EUR"),
        ("1'299 CHF", "amount", "1299.00 CHF"),
        ("99,- €", "amount", "99.00 EUR"),
        ("four stars", "rating", 4),
        ("4/5", "rating", 4),
        ("4 of 5 stars", "rating", 4),
        ("I'd give it a 2 because it is slow", "rating", 2),
        ("⭐⭐⭐", "rating", 3),
        ("5", "rating", 5),
        ("10115 Berlin", "postcode", "10115"),
        ("1012AB Amsterdam", "postcode", "1012 AB"),
        ("D02 X285", "postcode", "D02 X285"),
        ("the postcode is 1010", "postcode", "1010"),
        ("my name is Jürgen von Berg", "name", "Jürgen von Berg"),
        ("Hi, I am Yusuf Rossi", "name", "Yusuf Rossi"),
        ("it arrived broken", "reason", "damaged"),
        ("I changed my mind", "reason", "no_longer_needed"),
        ("ordered it twice", "reason", "ordered_by_mistake"),
        ("found it cheaper elsewhere", "reason", "found_cheaper"),
        ("delivery takes too long", "reason", "takes_too_long"),
        ("you sent the wrong item", "reason", "wrong_item"),
        ("they don't fit", "reason", "does_not_fit"),
        ("it looks different than in the picture", "reason", "not_as_described"),
        ("in Warm White", "option", "warm white"),
        ("the gray one", "option", "grey"),
        ("something in cofee and tea", "category", "coffee and tea"),
    ],
)
def test_one_entity(text: str, entity: str, value: str | int) -> None:
    assert found(text, entity) == [value]


@pytest.mark.parametrize(("text", "entity"), [("6 stars", "rating"), ("24/7", "rating"), ("I am furious", "name"),
                                              ("1.299.00 EUR", "amount"), ("in 2024", "postcode"),
                                              ("do you do Black Friday", "date")])  # fmt: skip
def test_what_only_looks_like_one(text: str, entity: str) -> None:
    assert found(text, entity) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my gooseneck kettel leaks", "Solvik gooseneck kettle 1.0 l"),
        ("the Auralin Hush headphones", "Auralin Hush noise-cancelling headphones"),
        ("headphnes", "Auralin Hush noise-cancelling headphones"),
        ("the lumen desk lamp", "Lumen desk lamp"),
        ("my kettles", "kettles"),
    ],
)
def test_products_by_name_part_and_misspelled(text: str, value: str) -> None:
    assert found(text, "product") == [value]


def test_the_first_word_of_a_name_alone_is_no_product() -> None:
    assert found("is it quick", "product") == []


def test_offsets_point_at_the_words_and_nothing_overlaps() -> None:
    text = "Order hv 104233: the gooseneck kettle (49,90 €) came broken on 3 May, mail anna@example.com, 10115 Berlin"
    entities = find_entities(text, TODAY, SHOP)
    said = {each.entity: text[each.start : each.end] for each in entities}
    assert said["order_id"] == "hv 104233"
    assert said["product"] == "gooseneck kettle"
    assert said["amount"] == "49,90 €"
    assert said["date"] == "3 May"
    assert said["postcode"] == "10115"
    assert all(before.end <= after.start for before, after in pairwise(entities))


def test_relative_days_count_from_the_time_of_the_message() -> None:
    component = PatternEntityExtractor({"gazetteer": "missing.json"})
    message = Message({"text": "it came yesterday"}, time=int(datetime(2024, 3, 1, tzinfo=UTC).timestamp()))
    component.process([message])
    (entity,) = message.get("entities")
    assert entity["value"] == "2024-02-29"
    assert entity["extractor"] == "PatternEntityExtractor"


def test_a_payload_is_left_alone() -> None:
    message = Message({"text": '/inform{"order_id": "HV-104233"}'})
    PatternEntityExtractor({"gazetteer": "missing.json"}).process([message])
    assert message.get("entities") is None

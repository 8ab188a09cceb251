"""Written answers to questions with buttons."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.shared.core.events import BotUttered, UserUttered

from bot.channels.typed_choice import NEITHER, Button, by_likelihood, by_meaning, by_title, offered

REASONS = (
    Button("No longer needed", '/inform{"reason": "no_longer_needed"}'),
    Button("Ordered by mistake", '/inform{"reason": "ordered_by_mistake"}'),
    Button("Yes", "/affirm"),
)
MEANINGS = (
    Button("Where is my refund?", "/refund_status"),
    Button("Exchange a delivered item", '/exchange_items{"product": "kettle"}'),
    Button("Report a broken item", "/damaged_item"),
)


def understood(intent: str, *likely: str) -> Any:
    async def understand() -> dict[str, Any]:
        return {"intent": {"name": intent}, "intent_set": [{"name": each} for each in likely]}

    return understand


def meant(text: str, intent: str = "nlu_unsure", *likely: str, buttons: tuple[Button, ...] = MEANINGS) -> str | None:
    return asyncio.run(by_meaning(text, buttons, understood(intent, *likely)))


@pytest.mark.parametrize(
    "text", ["Ordered by mistake", "ordered by mistake!", "ORDERED BY MISTAKE", "orderd by mistake"]
)
def test_a_title_is_its_button(text: str) -> None:
    assert by_title(text, REASONS) == REASONS[1].payload


@pytest.mark.parametrize("text", ["I ordered it by mistake, sorry", "yep", "Yess", "no", "", "👍"])
def test_what_is_no_title_is_left_to_the_bot(text: str) -> None:
    assert by_title(text, REASONS) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("the first one", 0),
        ("second", 1),
        ("2", 1),
        ("option 3 please", 2),
        ("I mean the last one", 2),
        ("number one", 0),
    ],
)
def test_a_position_picks(text: str, position: int) -> None:
    assert meant(text) == MEANINGS[position].payload


def test_there_is_no_fourth_of_three_and_no_first_two() -> None:
    assert meant("the first two") is None
    assert meant("the second", buttons=MEANINGS[:1]) is None


@pytest.mark.parametrize("text", ["neither", "None of these.", "no, none of them", "something else"])
def test_neither_is_heard(text: str) -> None:
    assert meant(text) == NEITHER


def test_another_message_is_read_among_the_choices() -> None:
    assert meant("I want my money", "nlu_ambiguous", "ask_payment", "refund_status") == "/refund_status"
    assert meant("change it for another", "exchange_items") == MEANINGS[1].payload


def test_words_of_a_title_pick_where_they_fit_one_only() -> None:
    assert meant("exchange") == MEANINGS[1].payload
    assert meant("the brokn item") == MEANINGS[2].payload
    assert meant("item") is None


def test_a_clear_wish_for_something_else_is_served() -> None:
    assert meant("stop the refund talk", "stop") is None
    assert meant("where is my parcel", "track_package", "track_package") is None


def test_a_long_message_is_a_new_one() -> None:
    assert meant("the second one was already broken when the man brought it to me", "damaged_item") is None


def test_a_yes_takes_the_only_choice() -> None:
    assert meant("yes", "affirm", buttons=MEANINGS[:1]) == MEANINGS[0].payload
    assert meant("yes", "affirm") is None


def test_only_the_buttons_of_the_bots_latest_turn_count() -> None:
    def said(title: str, name: str, **metadata: str) -> BotUttered:
        return BotUttered("?", {"buttons": [{"title": title, "payload": "/x"}]}, {"utter_action": name, **metadata})

    events = [
        said("Old", "utter_help"),
        UserUttered("and?"),
        said("Meaning", "utter_clarify_several"),
        said("Other", "utter_help"),
        said("Staff", "utter_help", author="staff"),
    ]
    every, meanings = offered(events)
    assert {button.title for button in every} == {"Meaning", "Other"}
    assert [button.title for button in meanings] == ["Meaning"]


def test_what_was_typed_goes_along_with_the_choice() -> None:
    async def understand() -> dict[str, Any]:
        entities = [{"entity": "reason", "value": "damaged"}, {"entity": "product", "value": "jug"}]
        return {"intent": {"name": "exchange_items"}, "entities": entities}

    payload = asyncio.run(by_meaning("swap the jug, it broke", MEANINGS, understand))
    assert payload == '/exchange_items{"product": "jug", "reason": "damaged"}'


OFFERED = (Button("Send it back", '/return_items{"order_id": "HV-1"}'), Button("Exchange it", "/exchange_items"))


def likely(intent: str, *names: str) -> str | None:
    return asyncio.run(by_likelihood("a new one instead", OFFERED, understood(intent, *names)))


def test_a_doubtful_message_means_what_was_just_offered() -> None:
    assert likely("nlu_ambiguous", "exchange_items", "ask_warranty") == "/exchange_items"
    assert likely("nlu_unsure", "return_items", "decline_offer", "refund_status") == OFFERED[0].payload
    assert likely("nlu_ambiguous", "decline_offer", "return_items", "refund_status") == OFFERED[0].payload


def test_what_was_offered_knows_its_order_where_it_is_asked_for_in_plain_words() -> None:
    assert likely("return_items", "return_items") == OFFERED[0].payload


def test_what_is_understood_or_likelier_something_else_is_not_what_was_offered() -> None:
    assert likely("order_status", "order_status") is None
    assert likely("nlu_ambiguous", "ask_warranty", "exchange_items") is None

"""A message of several requests becomes the first of them and tells of the others."""

from __future__ import annotations

from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.requests import WHOLE, RequestFinder, RequestSplitter
from bot.nlu.vectors import FURTHER_REQUESTS
from tests.bot.keyword_reader import read

TWO = "Hello!  Where is my order?\nAnd how many points do I have?"


def further(text: str) -> list[tuple[str, str]]:
    return [(text[each["start"] : each["end"]], each["intent"]) for each in read(text).get(FURTHER_REQUESTS, [])]


def test_the_first_request_is_the_message_and_the_other_is_told_by_its_place() -> None:
    understood = read(TWO)
    assert understood["text"] == "Hello! Where is my order?"
    assert understood["intent"]["name"] == "order_status"
    assert further(TWO) == [("how many points do I have?", "loyalty_points")]


def test_a_single_request_is_left_as_it_is() -> None:
    for text in ("Where is my order? It is late.", "hello there", "I want to return the lamp. It is broken."):
        understood = read(text)
        assert understood["text"] == text and FURTHER_REQUESTS not in understood


def test_a_request_behind_thanks_is_not_taken_for_thanks() -> None:
    understood = read("One more thing, thanks for that! Change the address of my order")
    assert (understood["intent"]["name"], FURTHER_REQUESTS in understood) == ("change_address", False)


def test_payloads_and_messages_that_are_one_by_order_are_not_looked_at() -> None:
    assert FURTHER_REQUESTS not in read(TWO, {WHOLE: True})
    payload = '/order_status{"text": "where is my order? and how many points do I have?"}'
    assert len(RequestFinder().process([Message(data={TEXT: payload})])) == 1


def test_the_parts_are_gone_when_the_splitter_is_done() -> None:
    messages = [Message(data={TEXT: text}) for text in (TWO, "thanks", TWO)]
    found = RequestFinder().process(messages)
    assert len(found) > len(messages)
    assert RequestSplitter().process(found) == messages

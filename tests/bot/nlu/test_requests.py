"""A message of several requests becomes the first of them and tells of the others."""

from __future__ import annotations

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.requests import WHOLE, RequestFinder, RequestSplitter
from bot.nlu.vectors import EMBEDDING, ENTITY_SCORES, FURTHER_REQUESTS, SENTIMENT
from tests.bot.keyword_reader import intent_of, read

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


def test_what_was_read_of_the_letters_stays_that_of_the_whole_message() -> None:
    """The first request is the beginning of the text as it was read, so places in it still hold."""
    found = RequestFinder().process([Message(data={TEXT: "hellobot.  So, where is it? Also, how many points have I?"})])
    for number, message in enumerate(found):
        text = str(message.get(TEXT)).replace("  ", " ").replace("hellobot", "hello bot")
        message.set(TEXT, text)
        message.set(INTENT, {"name": intent_of(text), "confidence": 0.95})
        for name in (EMBEDDING, ENTITY_SCORES, SENTIMENT):
            message.set(name, f"{name} {number}")
    (message,) = RequestSplitter().process(found)
    assert message.get(TEXT) == "hello bot. So, where is it?"
    assert (message.get(ENTITY_SCORES), message.get(SENTIMENT)) == (f"{ENTITY_SCORES} 0", f"{SENTIMENT} 0")
    assert message.get(EMBEDDING) == f"{EMBEDDING} 2"

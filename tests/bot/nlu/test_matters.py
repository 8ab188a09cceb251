"""Which parts are requests of their own, once their intents are known."""

from __future__ import annotations

import pytest

from bot.nlu.decision import UNSURE, Likely
from bot.nlu.matters import SURE, Part, only_request, separate, tells_more
from bot.nlu.segments import Link, Segment

SENTENCE, ADDED, CLAUSE = Link.SENTENCE, Link.ADDED, Link.CLAUSE


def parts(*told: tuple[str, Link] | tuple[str, Link, float]) -> list[Part]:
    """Parts of ten letters each, by intent, link and confidence."""
    return [
        Part(Segment(number * 10, number * 10 + 9, link), 3, Likely(intent, sure[0] if sure else 0.97))
        for number, (intent, link, *sure) in enumerate(told)
    ]


def spans(told: list[Part]) -> list[tuple[int, int, int]]:
    return [(each.start, each.end, each.opening) for each in separate(told)]


def test_two_sure_requests_about_different_matters_are_two() -> None:
    assert spans(parts(("order_status", CLAUSE), ("return_items", CLAUSE))) == [(0, 9, 0), (10, 19, 1)]


def test_what_is_no_request_stays_with_the_one_before_it_and_a_greeting_with_the_one_after() -> None:
    told = parts(("greet", CLAUSE), ("cancel_order", SENTENCE), (UNSURE, SENTENCE), ("ask_gift_card", ADDED))
    assert spans(told) == [(0, 29, 1), (30, 39, 3)]


def test_a_stop_at_the_beginning_comes_before_the_question_behind_it() -> None:
    assert spans(parts(("stop", CLAUSE), ("ask_delivery", SENTENCE))) == [(0, 9, 0), (10, 19, 1)]


def test_a_stop_behind_a_request_is_a_word_about_it() -> None:
    assert spans(parts(("cancel_order", CLAUSE), ("stop", SENTENCE))) == []


def test_three_are_served_and_four_are_left_whole() -> None:
    three = [("order_status", CLAUSE), ("ask_gift_card", SENTENCE), ("loyalty_points", SENTENCE)]
    assert len(separate(parts(*three))) == 3
    assert separate(parts(*three, ("cancel_order", SENTENCE))) == []


@pytest.mark.parametrize(
    "told",
    [
        [("order_status", CLAUSE), ("order_late", SENTENCE)],
        [("return_items", CLAUSE), ("damaged_item", SENTENCE)],
        [("return_items", CLAUSE), ("damaged_item", ADDED)],
        [("return_items", CLAUSE), ("ask_returns", SENTENCE)],
        [("cancel_order", CLAUSE), ("refund_status", CLAUSE)],
        [("cancel_order", CLAUSE), ("cancel_order", ADDED)],
        [("order_late", CLAUSE), ("change_address", SENTENCE)],
        [("greet", CLAUSE), ("order_status", SENTENCE)],
        [("order_status", CLAUSE), ("thanks", SENTENCE)],
        [("order_status", CLAUSE), ("inform", SENTENCE)],
        [("order_status", CLAUSE), ("nlu_ambiguous", SENTENCE)],
        [("order_status", CLAUSE), ("out_of_scope", SENTENCE)],
        [("order_status", CLAUSE), ("loyalty_points", SENTENCE, SURE - 0.01)],
        [("order_status", CLAUSE, SURE - 0.01), ("loyalty_points", SENTENCE)],
        [("deny", CLAUSE), ("stop", SENTENCE)],
    ],
)
def test_reasons_details_courtesies_and_doubts_are_not_cut_off(told: list[tuple[str, Link]]) -> None:
    assert separate(parts(*told)) == []


def test_a_question_about_it_belongs_to_what_it_is_about() -> None:
    first, second = parts(("ask_delivery", CLAUSE), ("product_price", SENTENCE))
    assert separate([first, second])
    referring = Part(second.segment, second.words, second.intent, refers_back=True)
    assert not separate([first, referring])
    cancel = Part(second.segment, second.words, Likely("cancel_order", 0.99), refers_back=True)
    assert separate([first, cancel])


def test_one_word_is_no_request() -> None:
    first, second = parts(("order_status", CLAUSE), ("loyalty_points", SENTENCE))
    assert not separate([first, Part(second.segment, 1, second.intent)])


def test_a_courtesy_does_not_hide_the_request_beside_it() -> None:
    told = parts(("thanks", CLAUSE), ("change_address", ADDED))
    assert only_request(told, Likely("thanks", 0.9)) == 1
    assert only_request(told, Likely("change_address", 0.9)) is None
    assert only_request(parts(("thanks", CLAUSE), (UNSURE, SENTENCE)), Likely("thanks", 0.9)) is None


def test_what_tells_more_about_a_request_and_what_asks_for_another() -> None:
    assert tells_more("order_status", "order_late") and tells_more("return_items", "damaged_item")
    assert not tells_more("order_status", "loyalty_points")
    assert not tells_more("ask_delivery", "ask_delivery")

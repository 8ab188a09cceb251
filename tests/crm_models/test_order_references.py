"""Which order is meant."""

from __future__ import annotations

import pytest
from shop_fixture import ADA, BEN, BENS, CLAIMED, DELIVERED, NOBODY, OLD, PENDING, PROCESSED
from sqlalchemy.engine import Connection

from crm_models.order_references import ReferenceKind, find_order_reference
from crm_models.orders import get_order


def _found(connection: Connection, text: str, **context: object) -> list[str]:
    candidates = find_order_reference(connection, ADA, text, **context)  # type: ignore[arg-type]
    return [candidate.order.order_id for candidate in candidates]


@pytest.mark.parametrize(
    ("text", "order_ids"),
    [
        ("the kettle order", [PENDING]),
        ("where is my ketle", [PENDING]),
        ("the one with the toaster and the kettle", [PENDING]),
        ("the earphones I bought", [DELIVERED]),
        ("the order with the lamp", [PROCESSED, OLD]),
        ("my last lamp order", [PROCESSED]),
        ("my last order", [PENDING]),
        ("the most recent one", [PENDING]),
        ("the oldest", [OLD]),
        ("100003", [DELIVERED]),
        ("it ends in 0002", [PROCESSED]),
        ("HV-100004", [OLD]),
        ("the second one", [PROCESSED]),
        ("the one that is not shipped yet", [PENDING, PROCESSED]),
        ("the delivered one", [DELIVERED, OLD]),
        ("the one that has arrived", [DELIVERED, OLD]),
        ("has my order arrived yet?", []),
        ("my order has not arrived", []),
        ("I never received it", []),
        ("it hasn't been shipped", []),
        ("I was sad last week", []),
        ("the elephant order", []),
        ("hello", []),
    ],
)
def test_words_point_at_orders(shop: Connection, text: str, order_ids: list[str]) -> None:
    assert _found(shop, text) == order_ids


def test_a_word_of_the_kind_of_product_alone_is_not_certain(shop: Connection) -> None:
    kinds = {candidate.kind for candidate in find_order_reference(shop, ADA, "lighting")}
    assert ReferenceKind.PRODUCT not in kinds


def test_positions_count_through_what_was_offered(shop: Connection) -> None:
    offered = (OLD, DELIVERED, PENDING)
    assert _found(shop, "the first", offered=offered) == [OLD]
    assert _found(shop, "the 2nd one", offered=offered) == [DELIVERED]
    assert _found(shop, "the last one", offered=offered) == [PENDING]
    assert _found(shop, "the fourth", offered=offered) == []


def test_the_other_order_is_not_the_current_one(shop: Connection) -> None:
    assert _found(shop, "no, the other order", current=PENDING) == [PROCESSED]
    assert _found(shop, "the other one", offered=(PENDING, OLD), current=PENDING) == [OLD]


def test_orders_of_others_are_never_candidates(shop: Connection) -> None:
    assert _found(shop, BENS) == _found(shop, "HV-999999") == []
    assert [c.order.order_id for c in find_order_reference(shop, BEN, "the kettle")] == [BENS]
    for identity in (NOBODY, CLAIMED):
        assert find_order_reference(shop, identity, "the kettle order") == ()


def test_a_candidate_says_what_pointed_at_it(shop: Connection) -> None:
    (found,) = find_order_reference(shop, ADA, "the kettle order")
    assert found.kind is ReferenceKind.PRODUCT
    assert 0 < found.score <= 1


def test_the_rest_of_a_long_message_does_not_hide_the_product(shop: Connection) -> None:
    text = "i moved, so please change the address of my kettle order to Lindenweg 4 in 10961 Berlin, thank you"
    assert _found(shop, text, products=("kettle",)) == [PENDING]


def test_a_date_points_at_what_was_placed_then(shop: Connection) -> None:
    placed = {order_id: get_order(shop, ADA, order_id).placed_at for order_id in (PENDING, PROCESSED, DELIVERED)}  # type: ignore[union-attr]
    day = placed[PROCESSED].strftime("%Y-%m-%d")
    assert _found(shop, "the order from that day", dates=[day]) == [PROCESSED]
    assert PROCESSED in _found(shop, "what I bought that week", dates=[placed[PROCESSED].strftime("%G-W%V")])
    assert _found(shop, "the order from then", dates=["1999-01-01"]) == []
    # What is named comes before the day that it is needed on.
    assert _found(shop, "I need the kettle that day", dates=[day]) == [PENDING]


def test_the_newer_one_is_of_those_that_were_offered(shop: Connection) -> None:
    offered = (OLD, DELIVERED)
    newer, older = sorted(offered, key=lambda each: get_order(shop, ADA, each).placed_at, reverse=True)  # type: ignore[union-attr]
    assert _found(shop, "the newer one", offered=offered) == [newer]
    assert _found(shop, "only the older", offered=offered) == [older]
    assert _found(shop, "is there a newer model") == []

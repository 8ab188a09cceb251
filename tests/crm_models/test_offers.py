"""Offers as they are kept, answered and read again; who gets one is in test_next_action_decide.py."""

from __future__ import annotations

from datetime import timedelta

from shop_fixture import NOW
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from crm_models.loyalty import points_balance
from crm_models.offer_counts import OfferCount, count_offers
from crm_models.offers import (
    Offer,
    OfferKind,
    accept_offer,
    decline_offer,
    declined_products,
    make_offer,
    open_offer,
    propose_recommendation,
)
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import offers

ADA = "C-000001"


def discount(connection: Connection) -> Offer:
    return make_offer(
        connection, customer_id=ADA, conversation_id="web-ada", kind=OfferKind.RETENTION, reason="no_order_for:74",
        model_version="churn-1", now=NOW, valid=timedelta(days=30), percent_off=10,
    )  # fmt: skip


def test_no_two_codes_are_alike(shop: Connection) -> None:
    codes = {str(discount(shop).code) for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code) == 14 and not set(code) & set("01ILO") for code in codes)


def test_the_points_of_a_perk_are_booked_once_when_they_are_accepted(shop: Connection) -> None:
    before = points_balance(shop, ADA, ShopPolicy(), NOW).points
    offer = make_offer(
        shop, customer_id=ADA, conversation_id="web-ada", kind=OfferKind.PERK, reason="fits_the_customer",
        model_version=None, now=NOW, valid=timedelta(days=30), points=200,
    )  # fmt: skip
    assert (offer.code, offer.points) == (None, 200)
    assert points_balance(shop, ADA, ShopPolicy(), NOW).points == before
    assert [accept_offer(shop, offer.offer_id, NOW) for _ in range(2)] == [True, False]
    assert points_balance(shop, ADA, ShopPolicy(), NOW).points == before + 200


def recommend(connection: Connection, product_id: str) -> int:
    return propose_recommendation(connection, ADA, "web-ada", product_id, "because", "recommendation-1", NOW).offer_id


def test_an_answer_counts_once(shop: Connection) -> None:
    offer_id = recommend(shop, "P-LAMP")
    assert decline_offer(shop, offer_id, NOW + timedelta(minutes=2))
    assert not accept_offer(shop, offer_id, NOW + timedelta(minutes=3))
    kept = shop.execute(select(offers.c.status, offers.c.answered_at)).one()
    assert tuple(kept) == ("declined", NOW + timedelta(minutes=2))
    assert open_offer(shop, "web-ada") is None
    assert declined_products(shop, ADA) == {"P-LAMP"}


def test_answers_are_counted_by_kind_with_the_usual_time_to_them(shop: Connection) -> None:
    for minutes in (1, 3, 60):
        accept_offer(shop, discount(shop).offer_id, NOW + timedelta(minutes=minutes))
    discount(shop)
    decline_offer(shop, recommend(shop, "P-LAMP"), NOW)
    shop.execute(update(offers).where(offers.c.kind == "recommendation").values(answered_at=None))  # from before
    counts = count_offers(shop, NOW.date(), NOW.date() + timedelta(days=1))
    assert counts == [
        OfferCount(OfferKind.RETENTION, 4, 3, 0, timedelta(minutes=3)),
        OfferCount(OfferKind.RECOMMENDATION, 1, 0, 1, None),
    ]
    assert [each.unanswered for each in counts] == [1, 0]
    assert count_offers(shop, NOW.date() - timedelta(days=1), NOW.date()) == []


def test_an_expired_discount_cannot_be_accepted(shop: Connection) -> None:
    offer = discount(shop)
    assert not accept_offer(shop, offer.offer_id, NOW + timedelta(days=30))
    assert accept_offer(shop, offer.offer_id, NOW + timedelta(days=29))


def test_the_same_suggestion_again_is_the_same_offer(shop: Connection) -> None:
    assert recommend(shop, "P-LAMP") == recommend(shop, "P-LAMP")


def test_a_newer_suggestion_replaces_the_older_one_and_leaves_the_discount(shop: Connection) -> None:
    kept = discount(shop)
    recommend(shop, "P-LAMP")
    newer = recommend(shop, "P-PAN")
    waiting = open_offer(shop, "web-ada")
    assert waiting is not None and waiting.offer_id == newer
    accept_offer(shop, newer, NOW)
    assert open_offer(shop, "web-ada") == kept


def test_other_conversations_do_not_see_the_offer(shop: Connection) -> None:
    recommend(shop, "P-LAMP")
    assert open_offer(shop, "web-other") is None

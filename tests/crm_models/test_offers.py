from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from shop_fixture import NOW
from sqlalchemy import delete, insert, update
from sqlalchemy.engine import Connection

from crm_models.complaints import close_complaint, open_complaint
from crm_models.consents import Purpose, set_consent
from crm_models.offers import (
    OfferKind,
    RetentionOutcome,
    RetentionResult,
    accept_offer,
    decline_offer,
    declined_products,
    open_offer,
    propose_recommendation,
    propose_retention,
)
from crm_models.shop_policy import ShopPolicy, TierTerms
from crm_models.tables import customers, predictions

POLICY = ShopPolicy()
ADA = "C-000001"  # silver


@pytest.fixture
def at_risk(shop: Connection) -> Connection:
    """The small shop, where Ada agreed to offers and may leave."""
    set_consent(shop, ADA, Purpose.PERSONALISATION, True, "shop", NOW)
    shop.execute(
        insert(predictions).values(
            customer_id=ADA,
            model="churn",
            value=0.8,
            label="at_risk",
            reasons=["no_order_for:74", "late_deliveries:2"],
            model_version="churn-1",
            scored_at=NOW,
        )
    )
    return shop


def propose(connection: Connection, now: datetime = NOW, **options: Any) -> RetentionResult:
    return propose_retention(
        connection,
        options.get("customer_id", ADA),
        options.get("conversation_id", "web-ada"),
        options.get("policy", POLICY),
        now,
    )


def test_who_may_leave_is_offered_a_discount_with_its_reason(at_risk: Connection) -> None:
    result = propose(at_risk)
    assert result.outcome is RetentionOutcome.OFFERED
    offer = result.offer
    assert offer is not None
    assert (offer.kind, offer.percent_off, offer.status) == (OfferKind.RETENTION, 10, "shown")
    assert (offer.reason, offer.model_version) == ("no_order_for:74", "churn-1")
    assert (offer.created_at, offer.expires_at) == (NOW, NOW + timedelta(days=30))
    assert open_offer(at_risk, "web-ada") == offer


def test_gold_customers_get_more(at_risk: Connection) -> None:
    at_risk.execute(update(customers).where(customers.c.customer_id == ADA).values(tier="gold"))
    offer = propose(at_risk).offer
    assert offer is not None and offer.percent_off == 15


def test_no_two_codes_are_alike(at_risk: Connection) -> None:
    codes = set()
    for number in range(20):
        offer = propose(at_risk, NOW + timedelta(days=100 * number)).offer
        assert offer is not None and offer.code is not None
        codes.add(offer.code)
    assert len(codes) == 20
    assert all(len(code) == 14 and not set(code) & set("01ILO") for code in codes)


@pytest.mark.parametrize("label", ["steady", None])
def test_who_is_not_at_risk_is_not_offered_one(at_risk: Connection, label: str | None) -> None:
    at_risk.execute(update(predictions).values(label=label))
    assert propose(at_risk).outcome is RetentionOutcome.NOT_AT_RISK


def test_who_was_never_scored_is_not_offered_one(at_risk: Connection) -> None:
    at_risk.execute(delete(predictions))
    assert propose(at_risk) == RetentionResult(RetentionOutcome.NOT_AT_RISK)


def test_not_while_a_complaint_is_open(at_risk: Connection) -> None:
    _, number = open_complaint(at_risk, customer_id=ADA, conversation_id=None, topic="other", text="Broken.", now=NOW)
    assert propose(at_risk).outcome is RetentionOutcome.COMPLAINT_OPEN
    assert number is not None
    close_complaint(at_risk, number, NOW)
    assert propose(at_risk).outcome is RetentionOutcome.OFFERED


def test_once_in_90_days(at_risk: Connection) -> None:
    first = propose(at_risk).offer
    assert first is not None
    valid = propose(at_risk, NOW + timedelta(days=29), conversation_id="web-later")
    assert valid == RetentionResult(RetentionOutcome.ALREADY_OFFERED, first)
    assert propose(at_risk, NOW + timedelta(days=30)).outcome is RetentionOutcome.COOLING_OFF
    assert propose(at_risk, NOW + timedelta(days=90, seconds=-1)).outcome is RetentionOutcome.COOLING_OFF
    assert propose(at_risk, NOW + timedelta(days=90)).outcome is RetentionOutcome.OFFERED


def test_a_declined_offer_is_not_repeated_at_once(at_risk: Connection) -> None:
    offer = propose(at_risk).offer
    assert offer is not None and decline_offer(at_risk, offer.offer_id, NOW)
    assert propose(at_risk).outcome is RetentionOutcome.COOLING_OFF


def test_a_shop_without_retention_offers_makes_none(at_risk: Connection) -> None:
    policy = ShopPolicy(tiers={"user": TierTerms(retention_percent=0)})
    assert propose(at_risk, policy=policy).outcome is RetentionOutcome.NOT_ALLOWED


def test_a_customer_nobody_knows_is_offered_nothing(at_risk: Connection) -> None:
    assert propose(at_risk, customer_id="C-999999").outcome is RetentionOutcome.NOT_ALLOWED


def test_not_to_who_withdrew_the_consent(at_risk: Connection) -> None:
    set_consent(at_risk, ADA, Purpose.PERSONALISATION, False, "chat", NOW)
    assert propose(at_risk).outcome is RetentionOutcome.NO_CONSENT


def recommend(connection: Connection, product_id: str) -> int:
    return propose_recommendation(connection, ADA, "web-ada", product_id, "because", "recommendation-1", NOW).offer_id


def test_an_answer_counts_once(at_risk: Connection) -> None:
    offer_id = recommend(at_risk, "P-LAMP")
    assert decline_offer(at_risk, offer_id, NOW)
    assert not accept_offer(at_risk, offer_id, NOW)
    assert open_offer(at_risk, "web-ada") is None
    assert declined_products(at_risk, ADA) == {"P-LAMP"}


def test_an_expired_discount_cannot_be_accepted(at_risk: Connection) -> None:
    offer = propose(at_risk).offer
    assert offer is not None
    assert not accept_offer(at_risk, offer.offer_id, NOW + timedelta(days=30))
    assert accept_offer(at_risk, offer.offer_id, NOW + timedelta(days=29))


def test_the_same_suggestion_again_is_the_same_offer(at_risk: Connection) -> None:
    assert recommend(at_risk, "P-LAMP") == recommend(at_risk, "P-LAMP")


def test_a_newer_suggestion_replaces_the_older_one_and_leaves_the_discount(at_risk: Connection) -> None:
    discount = propose(at_risk).offer
    recommend(at_risk, "P-LAMP")
    newer = recommend(at_risk, "P-PAN")
    waiting = open_offer(at_risk, "web-ada")
    assert waiting is not None and waiting.offer_id == newer
    accept_offer(at_risk, newer, NOW)
    assert open_offer(at_risk, "web-ada") == discount


def test_other_conversations_do_not_see_the_offer(at_risk: Connection) -> None:
    recommend(at_risk, "P-LAMP")
    assert open_offer(at_risk, "web-other") is None

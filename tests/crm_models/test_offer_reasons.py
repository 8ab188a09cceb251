"""Why something was offered, as the log has it."""

from datetime import timedelta
from typing import Any

import pytest
from shop_fixture import NOW
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.next_action.kinds import Trouble
from crm_models.offer_reasons import LOOK_BACK, WhyOffer, why_offered
from crm_models.offers import propose_recommendation, recommendation_reason
from crm_models.tables import decisions, offers

ADA, BEN = "C-000001", "C-000002"


def offered(connection: Connection, reason: str, **values: Any) -> int:
    row = dict(
        customer_id=ADA, conversation_id="web-ada", kind="retention", percent_off=10, status="shown", created_at=NOW
    )
    return int(connection.execute(insert(offers).values({**row, "reason": reason, **values})).inserted_primary_key[0])


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("late_deliveries:3", WhyOffer.LATE),
        ("complaints:2", WhyOffer.TROUBLE),
        ("no_order_for:74", WhyOffer.AWAY),
        ("Contract=Month-to-month", WhyOffer.KEEP),
        ("may_leave", WhyOffer.KEEP),
        ("late_again", WhyOffer.LATE),
        ("service", WhyOffer.TROUBLE),
        ("price", WhyOffer.PRICE),
        ("fits_the_customer", WhyOffer.THANKS),
    ],
)
def test_a_discount_by_the_strongest_reason_of_its_score(shop: Connection, reason: str, why: WhyOffer) -> None:
    offered(shop, reason)
    found = why_offered(shop, ADA, "web-ada", NOW)
    assert (found.why, found.percent_off, found.decision) == (why, 10, None)


@pytest.mark.parametrize(
    ("reason", "bought", "why", "because"),
    [
        ("because", "P-KETTLE", WhyOffer.BOUGHT, "Solvik rapid-boil kettle"),
        ("happy", "P-KETTLE", WhyOffer.BOUGHT, "Solvik rapid-boil kettle"),
        ("category", "P-KETTLE", WhyOffer.KIND, None),
        ("category", None, WhyOffer.KIND, None),
        ("popular", None, WhyOffer.POPULAR, None),
        ("because", "P-GONE", WhyOffer.POPULAR, None),
    ],
)
def test_a_suggestion_by_the_purchase_behind_it(
    shop: Connection, reason: str, bought: str | None, why: WhyOffer, because: str | None
) -> None:
    propose_recommendation(shop, ADA, "web-ada", "P-TOASTER", recommendation_reason(reason, bought), "1", NOW)
    found = why_offered(shop, ADA, "web-ada", NOW)
    assert (found.why, found.because, found.product) == (why, because, "Kessling Duo toaster")


def test_every_trouble_has_its_reason(shop: Connection) -> None:
    for number, trouble in enumerate(each for each in Trouble if each is not Trouble.NONE):
        offered(
            shop, trouble.value, conversation_id=f"web-{number}", kind="apology", percent_off=None, credit_cents=500
        )
        found = why_offered(shop, ADA, f"web-{number}", NOW)
        assert found.why is not WhyOffer.KEEP, trouble
        assert found.credit_cents == 500


def test_the_one_of_this_conversation_before_a_later_one_elsewhere(shop: Connection) -> None:
    offered(shop, "late_deliveries:3")
    offered(shop, "complaints:2", conversation_id="telegram")
    assert why_offered(shop, ADA, "web-ada", NOW).why is WhyOffer.LATE
    assert why_offered(shop, ADA, "new", NOW).why is WhyOffer.TROUBLE


def test_none_of_long_ago_and_none_of_others(shop: Connection) -> None:
    offered(shop, "late_deliveries:3", conversation_id="old", created_at=NOW - LOOK_BACK - timedelta(days=1))
    assert why_offered(shop, ADA, "web-ada", NOW).why is WhyOffer.NONE
    assert why_offered(shop, BEN, "web-ben", NOW).why is WhyOffer.NONE


def test_the_rule_that_chose_it_is_told_with_it(shop: Connection) -> None:
    offer_id = offered(shop, "late_deliveries:3")
    shop.execute(
        insert(decisions).values(
            conversation_id="web-ada",
            customer_id=ADA,
            moment="answered",
            action="retention_offer",
            reason="best_value",
            value_cents=120.0,
            cost_cents=80.0,
            propensity=1.0,
            alternatives=[],
            policy_version="1",
            model_versions={},
            offer_id=offer_id,
            created_at=NOW,
        )
    )
    assert why_offered(shop, ADA, "web-ada", NOW).decision == "best_value"

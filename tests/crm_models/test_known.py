"""What the shop knows and thinks of a customer, as it is told to them."""

from __future__ import annotations

from datetime import timedelta

from shop_fixture import NOW, PENDING
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from crm_models.known import estimates, favourite_kinds, known_values
from crm_models.tables import customer_links, customers, orders, predictions, profile_facts
from crm_models.view.profile import SourceKind

ADA, BEN = "C-000001", "C-000002"


def fact(connection: Connection, field: str, value: str, kind: SourceKind, days_ago: int = 10) -> None:
    connection.execute(
        insert(profile_facts).values(
            customer_id=ADA,
            field=field,
            value=value,
            source="somewhere",
            source_kind=kind.value,
            as_of=NOW - timedelta(days=days_ago),
            confidence=0.6,
        )
    )


def test_each_value_has_its_source_and_what_contradicts_it(shop: Connection) -> None:
    shop.execute(update(customers).where(customers.c.customer_id == ADA).values(phone="+43 1 5550100"))
    fact(shop, "phone", "+43 1 5550999", SourceKind.IMPORT)
    told = {each.field: each for each in known_values(shop, ADA, NOW)}
    phone = told["phone"]
    assert (phone.value, phone.source, phone.others) == ("+43 1 5550100", SourceKind.ACCOUNT, ("+43 1 5550999",))
    fact(shop, "phone", "+43 1 5550777", SourceKind.VERIFIED)
    phone = {each.field: each for each in known_values(shop, ADA, NOW)}["phone"]
    assert (phone.value, phone.source, phone.since) == (
        "+43 1 5550777",
        SourceKind.VERIFIED,
        NOW - timedelta(days=10),
    )


def test_another_number_that_may_be_the_same_person_is_not_told_of(shop: Connection) -> None:
    shop.execute(
        insert(customer_links).values(
            left_id=ADA, right_id=BEN, status="linked", method="rule", evidence=[], created_at=NOW, changed_at=NOW
        )
    )
    shop.execute(update(customers).where(customers.c.customer_id == BEN).values(phone="+43 1 5550222"))
    assert "5550222" not in str(known_values(shop, ADA, NOW))


def test_what_was_bought_tells_what_is_liked_and_what_was_cancelled_does_not(shop: Connection) -> None:
    before = favourite_kinds(shop, ADA)
    assert before and len(before) <= 3
    shop.execute(update(orders).where(orders.c.customer_id == ADA).values(status="cancelled"))
    assert favourite_kinds(shop, ADA) == ()
    shop.execute(update(orders).where(orders.c.order_id == PENDING).values(status="pending"))
    assert set(favourite_kinds(shop, ADA)) <= {"kitchen appliances"}


def test_scores_are_told_as_labels_and_without_a_model_there_are_none(shop: Connection) -> None:
    assert estimates(shop, ADA) == ()
    row = dict(customer_id=ADA, model_version="1", reasons=[], scored_at=NOW)
    shop.execute(insert(predictions).values(model="churn", value=0.8, label="at_risk", **row))
    assert [(each.model, each.label) for each in estimates(shop, ADA)] == [("churn", "at_risk")]

from datetime import timedelta

import pytest
from people import NOW, add_customer, add_identity, add_order
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.complaints import close_complaint, open_complaint
from crm_models.consents import Purpose, set_consent
from crm_models.customers import find_customer, read_profile
from crm_models.loyalty import add_points
from crm_models.tables import messages, predictions


def test_a_customer_is_found_by_what_they_gave(connection: Connection) -> None:
    add_customer(connection, phone="+49 30 123-4567")
    add_identity(connection, "email", "ada@work.example")
    add_identity(connection, "phone", "0049 170 555 000")
    assert find_customer(connection, email=" ADA@example.com") == "C-000001"
    assert find_customer(connection, email="ada@work.example") == "C-000001"
    assert find_customer(connection, phone="0049 (30) 1234567") == "C-000001"
    assert find_customer(connection, phone="+49 170 555000") == "C-000001"
    assert find_customer(connection, customer_id="C-000001") == "C-000001"


@pytest.mark.parametrize(
    "given",
    [
        {"email": "ada@example.co"},
        {"email": "%"},
        {"email": ""},
        {"phone": "67"},
        {"phone": ""},
        {"customer_id": "c-1' OR '1'='1"},
    ],
)
def test_half_of_it_finds_nobody(connection: Connection, given: dict[str, str]) -> None:
    add_customer(connection, phone="+49 30 1234567")
    assert find_customer(connection, **given) is None


def test_two_people_with_one_phone_are_not_told_apart_by_it(connection: Connection) -> None:
    add_customer(connection, phone="+49 30 1234567")
    add_customer(connection, "C-000002", "ben@example.com", phone="+49 30 1234567")
    assert find_customer(connection, phone="+49 30 1234567") is None


def test_one_thing_is_asked_for_at_a_time(connection: Connection) -> None:
    with pytest.raises(ValueError, match="one of"):
        find_customer(connection, email="a@b.c", customer_id="C-000001")


def test_nobody_has_no_profile(connection: Connection) -> None:
    assert read_profile(connection, "C-999999", NOW) is None


def test_the_profile_of_somebody_new_is_empty_but_whole(connection: Connection) -> None:
    add_customer(connection)
    profile = read_profile(connection, "C-000001", NOW)
    assert profile is not None
    assert (profile.first_name, profile.tier, profile.points.points) == ("Ada", "basic", 0)
    assert (profile.segment, profile.churn_risk, profile.last_contact) == (None, None, None)
    assert profile.order_ids == profile.open_order_ids == profile.open_complaints == ()
    assert profile.consents == dict.fromkeys(Purpose, False)


def test_the_profile_tells_what_the_shop_knows(connection: Connection) -> None:
    add_customer(connection, tier="gold")
    add_customer(connection, "C-000002", "ben@example.com")
    add_order(connection, "HV-1", status="delivered", placed_at=NOW - timedelta(days=1))
    add_order(connection, "HV-2", status="shipped", placed_at=NOW - timedelta(days=9))
    add_order(connection, "HV-3", status="pending", placed_at=NOW - timedelta(days=3))
    add_order(connection, "HV-4", "C-000002")
    add_points(connection, "C-000001", 250, "order", NOW - timedelta(days=1))
    set_consent(connection, "C-000001", Purpose.NEWSLETTER, True, "shop", NOW)
    for model, value, label in (("churn", 0.8, "high"), ("segment", None, "drifting")):
        connection.execute(
            insert(predictions).values(
                customer_id="C-000001",
                model=model,
                value=value,
                label=label,
                reasons=["no order in 90 days"],
                model_version="churn-1",
                scored_at=NOW,
            )
        )
    connection.execute(
        insert(messages).values(
            event_id="1",
            conversation_id="web-old",
            customer_id="C-000001",
            author="customer",
            text="hi",
            created_at=NOW - timedelta(days=5),
        )
    )
    _, late = open_complaint(
        connection, customer_id="C-000001", conversation_id="web-1", topic="delivery", text="late", now=NOW
    )
    _, done = open_complaint(
        connection, customer_id="C-000001", conversation_id="web-1", topic="quality", text="dull", now=NOW
    )
    assert done is not None
    close_complaint(connection, done, NOW)

    profile = read_profile(connection, "C-000001", NOW)
    assert profile is not None
    assert profile.order_ids == ("HV-3", "HV-2", "HV-1")
    assert profile.open_order_ids == ("HV-3", "HV-2")
    assert (profile.points.points, profile.points.worth_cents) == (250, 250)
    assert (profile.segment, profile.churn_risk) == ("drifting", 0.8)
    assert profile.predictions["churn"].reasons == ("no order in 90 days",)
    assert profile.last_contact == NOW - timedelta(days=5)
    assert [complaint.complaint_id for complaint in profile.open_complaints] == [late]
    assert profile.consents[Purpose.NEWSLETTER] is True

"""What a customer forbids holds at once, wherever it would be used."""

from datetime import timedelta

import pytest
from people import NOW, add_customer
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.consents import Purpose, set_consent
from crm_models.customers import read_profile
from crm_models.personal_fields import ChoiceOutcome, PersonalField, choose, may_use, read_choices
from crm_models.tables import field_choices, mails
from crm_models.verification import start_verification

ADA = "C-000001"


def test_the_newest_choice_holds_and_the_history_is_kept(connection: Connection) -> None:
    add_customer(connection)
    assert may_use(connection, ADA, PersonalField.NAME)
    outcomes = [
        choose(connection, ADA, PersonalField.NAME, allowed, "chat", NOW + timedelta(minutes=minute))
        for minute, allowed in enumerate([True, False, False, True])
    ]
    assert outcomes == [
        ChoiceOutcome.ALREADY_ALLOWED,
        ChoiceOutcome.FORBIDDEN,
        ChoiceOutcome.ALREADY_FORBIDDEN,
        ChoiceOutcome.ALLOWED,
    ]
    assert may_use(connection, ADA, PersonalField.NAME)
    rows = select(field_choices.c.allowed).order_by(field_choices.c.choice_id)
    assert connection.execute(rows).scalars().all() == [False, True]


def test_purchases_need_the_consent_and_no_choice_against_them(connection: Connection) -> None:
    add_customer(connection)
    assert not may_use(connection, ADA, PersonalField.PURCHASES)
    set_consent(connection, ADA, Purpose.PERSONALISATION, True, "chat", NOW)
    assert may_use(connection, ADA, PersonalField.PURCHASES)
    choose(connection, ADA, PersonalField.PURCHASES, False, "chat", NOW)
    assert not may_use(connection, ADA, PersonalField.PURCHASES)


@pytest.mark.parametrize("consent", [True, False])
@pytest.mark.parametrize("field", list(PersonalField))
def test_the_profile_says_the_same_as_the_query(connection: Connection, consent: bool, field: PersonalField) -> None:
    add_customer(connection)
    set_consent(connection, ADA, Purpose.PERSONALISATION, consent, "chat", NOW)
    for allowed in (True, False):
        choose(connection, ADA, field, allowed, "chat", NOW)
        profile = read_profile(connection, ADA, NOW)
        assert profile is not None
        assert {each: profile.may_use(each) for each in PersonalField} == {
            each: may_use(connection, ADA, each) for each in PersonalField
        }


def test_a_forbidden_name_is_in_no_greeting_and_in_no_mail(connection: Connection) -> None:
    add_customer(connection)
    choose(connection, ADA, PersonalField.NAME, False, "staff", NOW)
    profile = read_profile(connection, ADA, NOW)
    assert profile is not None
    assert (profile.called, profile.first_name) == ("", "Ada")
    start_verification(connection, "web-1", "ada@example.com", NOW)
    assert connection.execute(select(mails.c.fields)).scalar_one()["first_name"] == ""


def test_a_field_of_another_version_is_passed_over(connection: Connection) -> None:
    add_customer(connection)
    connection.execute(
        insert(field_choices).values(customer_id=ADA, field="shoe_size", allowed=False, source="chat", changed_at=NOW)
    )
    assert read_choices(connection, ADA) == {}

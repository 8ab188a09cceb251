"""What the shop has wrong is corrected where it is read, with its source; an address only for who reads its mail."""

from datetime import timedelta

import pytest
from people import NOW, add_customer, add_identity
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.customers import find_customer
from crm_models.known import known_values
from crm_models.one_time_codes import CODE_LIFETIME, CodeCheck
from crm_models.profile_corrections import (
    Correctable,
    CorrectionOutcome,
    EmailCode,
    ask_for_proof,
    cleaned,
    correct_field,
    prove_email,
)
from crm_models.tables import customers, mails, profile_facts
from crm_models.verification import CODES_PER_CONVERSATION, SignInOutcome, confirm_code, start_verification
from crm_models.view.profile import SourceKind

ADA, BEN = "C-000001", "C-000002"


def correct(connection: Connection, field: Correctable, value: str, kind: SourceKind = SourceKind.VERIFIED) -> object:
    return correct_field(connection, ADA, field, value, "conversation web-1", kind, NOW)


def mailed_code(connection: Connection, recipient: str) -> str:
    query = select(mails.c.fields).where(mails.c.recipient == recipient).order_by(mails.c.mail_id.desc())
    return str(connection.execute(query).scalars().first()["code"])


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Correctable.NAME, "  Anja  van den Berg. ", "Anja van den Berg"),
        (Correctable.FIRST_NAME, "Anne-Marie", "Anne-Marie"),
        (Correctable.LAST_NAME, "O'Neill", "O'Neill"),
        (Correctable.NAME, "<b>Anja</b>", None),
        (Correctable.NAME, "4711", None),
        (Correctable.LAST_NAME, "x" * 81, None),
        (Correctable.EMAIL, "Anja@Example.COM", "anja@example.com"),
        (Correctable.EMAIL, "anja@example", None),
        (Correctable.PHONE, "+49 30 1234567", "+49 30 1234567"),
        (Correctable.PHONE, "12", None),
        (Correctable.PHONE, "1" * 16, None),
    ],
)
def test_a_value_is_one_of_its_field_or_refused(field: Correctable, text: str, value: str | None) -> None:
    assert cleaned(field, text) == value


def test_a_name_changes_where_replies_read_it_and_the_former_stays_beside_it(connection: Connection) -> None:
    add_customer(connection)
    assert correct(connection, Correctable.NAME, "Adah Moeller") is CorrectionOutcome.CORRECTED
    row = connection.execute(select(customers)).one()
    assert (row.first_name, row.last_name) == ("Adah", "Moeller")
    (name, *_) = known_values(connection, ADA, NOW)
    assert (name.value, name.source, name.others) == ("Adah Moeller", SourceKind.VERIFIED, ("Ada", "Miller"))
    assert correct(connection, Correctable.NAME, "Adah Moeller") is CorrectionOutcome.ALREADY_SO
    assert correct(connection, Correctable.NAME, "%&!") is CorrectionOutcome.NOT_VALID


def test_one_word_is_the_first_name_alone(connection: Connection) -> None:
    add_customer(connection)
    correct(connection, Correctable.NAME, "Adah")
    row = connection.execute(select(customers)).one()
    assert (row.first_name, row.last_name) == ("Adah", "Miller")


def test_what_staff_wrote_down_is_kept_as_theirs(connection: Connection) -> None:
    add_customer(connection)
    correct(connection, Correctable.PHONE, "+49 30 1234567", SourceKind.STAFF)
    facts = connection.execute(select(profile_facts.c.value, profile_facts.c.source_kind)).all()
    assert facts == [("+49 30 1234567", "staff")]


def test_an_address_is_proved_by_the_code_in_its_mail(connection: Connection) -> None:
    add_customer(connection)
    assert ask_for_proof(connection, "web-1", ADA, "new@example.com", NOW) is EmailCode.SENT
    assert ask_for_proof(connection, "web-1", ADA, "new@example.com", NOW) is EmailCode.WAITING
    code = mailed_code(connection, "new@example.com")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert prove_email(connection, "web-1", ADA, "new@example.com", wrong, NOW) is CodeCheck.WRONG
    assert prove_email(connection, "web-1", ADA, "other@example.com", code, NOW) is CodeCheck.EXPIRED
    assert prove_email(connection, "web-1", ADA, "new@example.com", code, NOW) is CodeCheck.FITS
    assert prove_email(connection, "web-1", ADA, "new@example.com", code, NOW) is CodeCheck.EXPIRED


def test_a_code_for_an_address_signs_nobody_in(connection: Connection) -> None:
    add_customer(connection)
    ask_for_proof(connection, "web-1", ADA, "new@example.com", NOW)
    code = mailed_code(connection, "new@example.com")
    assert confirm_code(connection, "web-1", code, NOW) is SignInOutcome.EXPIRED


def test_a_code_is_late_after_ten_minutes_and_then_another_is_sent(connection: Connection) -> None:
    add_customer(connection)
    ask_for_proof(connection, "web-1", ADA, "new@example.com", NOW)
    late = NOW + CODE_LIFETIME
    code = mailed_code(connection, "new@example.com")
    assert prove_email(connection, "web-1", ADA, "new@example.com", code, late) is CodeCheck.EXPIRED
    assert ask_for_proof(connection, "web-1", ADA, "new@example.com", late) is EmailCode.SENT


def test_a_conversation_floods_no_mailbox(connection: Connection) -> None:
    add_customer(connection)
    sent = [ask_for_proof(connection, "web-1", ADA, f"{n}@example.com", NOW) for n in range(CODES_PER_CONVERSATION + 1)]
    assert sent == [EmailCode.SENT] * CODES_PER_CONVERSATION + [EmailCode.TOO_MANY]


def test_the_former_address_signs_in_no_longer_and_is_told(connection: Connection) -> None:
    add_customer(connection)
    add_identity(connection, "email", "ada@example.com")
    correct(connection, Correctable.EMAIL, "new@example.com")
    assert find_customer(connection, email="ada@example.com") is None
    assert find_customer(connection, email="new@example.com") == ADA
    assert connection.execute(select(mails.c.recipient, mails.c.template)).all() == [
        ("ada@example.com", "contact_changed")
    ]
    start_verification(connection, "web-2", "ada@example.com", NOW + timedelta(minutes=1))
    assert len(connection.execute(select(mails)).all()) == 1


def test_nobody_elses_row_changes(connection: Connection) -> None:
    add_customer(connection)
    add_customer(connection, BEN, "ben@example.com", "Ben")
    correct(connection, Correctable.NAME, "Adah Moeller")
    query = select(customers.c.first_name).where(customers.c.customer_id == BEN)
    assert connection.execute(query).scalar_one() == "Ben"

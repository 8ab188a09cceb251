from datetime import datetime, timedelta

import pytest
from people import NOW, add_customer, add_identity, add_order
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from crm_models.identity import Identity, Trust, identity_of
from crm_models.one_time_codes import CODE_ATTEMPTS, CODE_LIFETIME, WINDOW
from crm_models.tables import mails, verifications
from crm_models.verification import (
    CLAIMS_PER_CONVERSATION,
    CLAIMS_PER_ORDER,
    CODES_PER_CONVERSATION,
    CODES_PER_CUSTOMER,
    SignInOutcome,
    claim_order,
    confirm_code,
    start_verification,
)


@pytest.fixture(autouse=True)
def ada(connection: Connection) -> None:
    add_customer(connection)


def mailed_codes(connection: Connection) -> list[str]:
    return [fields["code"] for fields in connection.execute(select(mails.c.fields)).scalars()]


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def start(connection: Connection, now: datetime = NOW, email: str = "ada@example.com") -> SignInOutcome:
    return start_verification(connection, "web-1", email, now)


def test_the_mailed_code_verifies_the_customer_for_half_an_hour(connection: Connection) -> None:
    assert start(connection, email=" Ada@Example.com ") is SignInOutcome.CODE_SENT
    mail = connection.execute(select(mails)).one()
    assert (mail.recipient, mail.template) == ("ada@example.com", "verification_code")
    assert (mail.fields["first_name"], mail.fields["minutes"]) == ("Ada", 10)
    code = mail.fields["code"]
    assert len(code) == 6 and code.isdigit()
    assert confirm_code(connection, "web-1", f"it is {code[:3]} {code[3:]}", NOW) is SignInOutcome.VERIFIED
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", "C-000001", Trust.VERIFIED)
    assert identity_of(connection, "web-1", NOW + timedelta(minutes=30)).trust is Trust.ANONYMOUS


def test_a_second_address_of_the_account_gets_the_code_too(connection: Connection) -> None:
    add_identity(connection, "email", "ada@work.example")
    start(connection, email="ada@work.example")
    assert connection.execute(select(mails.c.recipient)).scalar_one() == "ada@work.example"


def test_an_unknown_address_looks_the_same_and_opens_nothing(connection: Connection) -> None:
    def outcomes(conversation_id: str, email: str) -> list[SignInOutcome]:
        result = []
        for _ in range(CODES_PER_CONVERSATION + 1):
            result.append(start_verification(connection, conversation_id, email, NOW))
            codes = mailed_codes(connection)
            guess = wrong(codes[-1]) if codes else "123456"
            result += [confirm_code(connection, conversation_id, guess, NOW) for _ in range(CODE_ATTEMPTS)]
        return result

    assert outcomes("web-known", "ada@example.com") == outcomes("web-unknown", "nobody@example.com")
    recipients = connection.execute(select(mails.c.recipient)).scalars().all()
    assert set(recipients) == {"ada@example.com"}


def test_no_code_fits_an_unknown_address(connection: Connection) -> None:
    start_verification(connection, "web-ada", "ada@example.com", NOW)
    hashed = connection.execute(select(verifications.c.code_hash)).scalar_one()
    start(connection, email="nobody@example.com")
    connection.execute(update(verifications).values(code_hash=hashed))
    assert confirm_code(connection, "web-1", mailed_codes(connection)[0], NOW) is SignInOutcome.WRONG_CODE
    assert identity_of(connection, "web-1", NOW).trust is Trust.ANONYMOUS


def test_a_code_works_once_in_its_own_conversation_until_it_expires(connection: Connection) -> None:
    start(connection)
    (code,) = mailed_codes(connection)
    assert confirm_code(connection, "web-other", code, NOW) is SignInOutcome.EXPIRED
    assert confirm_code(connection, "web-1", code, NOW + CODE_LIFETIME) is SignInOutcome.EXPIRED
    assert confirm_code(connection, "web-1", code, NOW) is SignInOutcome.VERIFIED
    assert confirm_code(connection, "web-1", code, NOW) is SignInOutcome.EXPIRED


def test_after_five_wrong_guesses_the_right_code_is_refused_too(connection: Connection) -> None:
    start(connection)
    (code,) = mailed_codes(connection)
    guesses = [confirm_code(connection, "web-1", wrong(code), NOW) for _ in range(CODE_ATTEMPTS)]
    assert guesses == [SignInOutcome.WRONG_CODE] * 4 + [SignInOutcome.NO_MORE_ATTEMPTS]
    assert confirm_code(connection, "web-1", code, NOW) is SignInOutcome.NO_MORE_ATTEMPTS
    assert identity_of(connection, "web-1", NOW).trust is Trust.ANONYMOUS


def test_a_new_code_replaces_the_old_one(connection: Connection) -> None:
    start(connection)
    start(connection)
    old, new = mailed_codes(connection)
    if old != new:
        assert confirm_code(connection, "web-1", old, NOW) is SignInOutcome.WRONG_CODE
    assert confirm_code(connection, "web-1", new, NOW) is SignInOutcome.VERIFIED


def test_three_codes_in_a_quarter_of_an_hour(connection: Connection) -> None:
    for _ in range(CODES_PER_CONVERSATION):
        assert start(connection) is SignInOutcome.CODE_SENT
    assert start(connection, NOW + WINDOW - timedelta(seconds=1)) is SignInOutcome.TOO_MANY_CODES
    assert start(connection, NOW + WINDOW) is SignInOutcome.CODE_SENT


def test_many_conversations_do_not_flood_one_mailbox(connection: Connection) -> None:
    for number in range(CODES_PER_CUSTOMER + 3):
        outcome = start_verification(connection, f"web-{number}", "ada@example.com", NOW)
        assert outcome is SignInOutcome.CODE_SENT
    assert len(mailed_codes(connection)) == CODES_PER_CUSTOMER


def test_the_code_itself_is_not_stored_with_the_verification(connection: Connection) -> None:
    start(connection)
    (code,) = mailed_codes(connection)
    assert code not in connection.execute(select(verifications.c.code_hash)).scalar_one().split("$")


def test_order_number_and_email_together_open_that_order(connection: Connection) -> None:
    add_order(connection, "HV-100001")
    outcome = claim_order(connection, "web-1", "#hv-100001", "ADA@example.com", NOW)
    assert outcome is SignInOutcome.CLAIMED
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", "C-000001", Trust.CLAIMED, "HV-100001")


@pytest.mark.parametrize(
    ("order_id", "email"),
    [("HV-100001", "ben@example.com"), ("HV-999999", "ada@example.com"), ("HV-100001", "nobody@example.com")],
)
def test_facts_that_do_not_belong_together_open_nothing(connection: Connection, order_id: str, email: str) -> None:
    add_customer(connection, "C-000002", "ben@example.com", "Ben")
    add_order(connection, "HV-100001")
    assert claim_order(connection, "web-1", order_id, email, NOW) is SignInOutcome.NO_MATCH
    assert identity_of(connection, "web-1", NOW).trust is Trust.ANONYMOUS


def test_claims_cannot_be_guessed(connection: Connection) -> None:
    add_order(connection, "HV-100001")
    for number in range(CLAIMS_PER_CONVERSATION):
        claim_order(connection, "web-1", f"HV-{number:06d}", "ada@example.com", NOW)
    right = ("HV-100001", "ada@example.com")
    assert claim_order(connection, "web-1", *right, NOW) is SignInOutcome.NO_MORE_ATTEMPTS
    assert claim_order(connection, "web-1", *right, NOW + WINDOW) is SignInOutcome.CLAIMED


def test_one_order_cannot_be_guessed_at_from_many_conversations(connection: Connection) -> None:
    add_order(connection, "HV-100001")
    for number in range(CLAIMS_PER_ORDER):
        claim_order(connection, f"web-{number}", "HV-100001", f"{number}@example.com", NOW)
    outcome = claim_order(connection, "web-new", "HV-100001", "ada@example.com", NOW)
    assert outcome is SignInOutcome.NO_MORE_ATTEMPTS


def test_a_claim_does_not_lower_a_verified_customer(connection: Connection) -> None:
    add_order(connection, "HV-100001")
    start(connection)
    confirm_code(connection, "web-1", mailed_codes(connection)[0], NOW)
    assert claim_order(connection, "web-1", "HV-100001", "ada@example.com", NOW) is SignInOutcome.ALREADY
    assert identity_of(connection, "web-1", NOW).trust is Trust.VERIFIED


def test_wrong_claims_do_not_count_as_codes(connection: Connection) -> None:
    start(connection)
    for number in range(CODES_PER_CONVERSATION):
        claim_order(connection, "web-1", f"HV-{number}", "ada@example.com", NOW)
    assert confirm_code(connection, "web-1", mailed_codes(connection)[0], NOW) is SignInOutcome.VERIFIED

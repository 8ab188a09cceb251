"""Proving who one is in the chat: a one-time code by mail, or two facts about one order.

Nothing here tells whether an e-mail address belongs to a customer: for an unknown address the same rows
are written, the same outcome is given and the same limits count, only no mail goes out and no code fits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import func, insert, or_, select
from sqlalchemy.engine import Connection

from crm_models.customers import find_customer, normal_email
from crm_models.identity import Trust, identity_of, open_conversation, set_identity
from crm_models.one_time_codes import CLAIM, CODE_LIFETIME, WINDOW, CodeCheck, check_code, codes_made, make_code
from crm_models.personal_fields import PersonalField, may_use
from crm_models.tables import customers, identities, mails, orders, verifications

CODES_PER_CONVERSATION = 3  # in WINDOW
CODES_PER_CUSTOMER = 6  # in WINDOW, over all conversations: nobody's mailbox is flooded, no code is guessed
CLAIMS_PER_CONVERSATION = 5  # wrong ones, in WINDOW
CLAIMS_PER_ORDER = 20  # wrong ones, in WINDOW, over all conversations
TRUST_LIFETIME = timedelta(minutes=30)
MAIL_TEMPLATE = "verification_code"

# For a conversation of which nothing was recorded before, as on a channel that opens none itself.
_UNKNOWN_CHANNEL = "unknown"


class SignInOutcome(Enum):
    CODE_SENT = "code_sent"  # or would have been, were the address a customer's
    TOO_MANY_CODES = "too_many_codes"
    VERIFIED = "verified"
    WRONG_CODE = "wrong_code"
    EXPIRED = "expired"  # or used, or never asked for
    NO_MORE_ATTEMPTS = "no_more_attempts"
    CLAIMED = "claimed"
    NO_MATCH = "no_match"
    ALREADY = "already"  # verified, which is more than a claim would give


_REFUSED = {
    CodeCheck.WRONG: SignInOutcome.WRONG_CODE,
    CodeCheck.EXPIRED: SignInOutcome.EXPIRED,
    CodeCheck.NO_MORE_ATTEMPTS: SignInOutcome.NO_MORE_ATTEMPTS,
}


def start_verification(connection: Connection, conversation_id: str, email: str, now: datetime) -> SignInOutcome:
    """Send a one-time code to the address if it is a customer's: CODE_SENT or TOO_MANY_CODES."""
    asked = verifications.c.conversation_id == conversation_id
    if codes_made(connection, asked, now) >= CODES_PER_CONVERSATION:
        return SignInOutcome.TOO_MANY_CODES
    customer_id = find_customer(connection, email=email)
    if codes_made(connection, verifications.c.customer_id == customer_id, now) >= CODES_PER_CUSTOMER:
        customer_id = None
    code = make_code(connection, conversation_id, customer_id, now)
    if customer_id is not None:
        _mail(connection, customer_id, normal_email(email), code, now)
    return SignInOutcome.CODE_SENT


def confirm_code(connection: Connection, conversation_id: str, code: str, now: datetime) -> SignInOutcome:
    """Check the newest code of this conversation; when it fits, the customer is verified in it.

    Returns:
        VERIFIED, WRONG_CODE, EXPIRED, or NO_MORE_ATTEMPTS (from the last wrong one on).
    """
    checked = check_code(connection, conversation_id, code, now)
    if checked.outcome is not CodeCheck.FITS or checked.customer_id is None:
        return _REFUSED[checked.outcome]
    open_conversation(connection, conversation_id, _UNKNOWN_CHANNEL, now)
    set_identity(connection, conversation_id, checked.customer_id, Trust.VERIFIED, now + TRUST_LIFETIME)
    return SignInOutcome.VERIFIED


def claim_order(
    connection: Connection, conversation_id: str, order_id: str, email: str, now: datetime
) -> SignInOutcome:
    """Two facts that belong together, an order and its customer's e-mail, open the status of that order.

    Returns:
        CLAIMED, NO_MATCH, NO_MORE_ATTEMPTS, or ALREADY.
    """
    if identity_of(connection, conversation_id, now).trust >= Trust.VERIFIED:
        return SignInOutcome.ALREADY
    order_id = order_id.upper().removeprefix("#")[:40]
    if _too_many_claims(connection, conversation_id, order_id, now):
        return SignInOutcome.NO_MORE_ATTEMPTS
    customer_id = _owner_with_email(connection, order_id, normal_email(email))
    if customer_id is None:
        connection.execute(
            insert(verifications).values(
                conversation_id=conversation_id,
                code_hash=CLAIM + order_id,
                attempts=1,
                expires_at=now + WINDOW,
            )
        )
        return SignInOutcome.NO_MATCH
    open_conversation(connection, conversation_id, _UNKNOWN_CHANNEL, now)
    set_identity(
        connection,
        conversation_id,
        customer_id,
        Trust.CLAIMED,
        now + TRUST_LIFETIME,
        claimed_order_id=order_id,
    )
    return SignInOutcome.CLAIMED


def _mail(connection: Connection, customer_id: str, recipient: str, code: str, now: datetime) -> None:
    # To the address that was given, which may be a second one of the account.
    first_name = ""
    if may_use(connection, customer_id, PersonalField.NAME):
        known = select(customers.c.first_name).where(customers.c.customer_id == customer_id)
        first_name = connection.execute(known).scalar_one() or ""
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    connection.execute(
        insert(mails).values(
            customer_id=customer_id,
            recipient=recipient,
            template=MAIL_TEMPLATE,
            fields={"code": code, "first_name": first_name, "minutes": minutes},
            created_at=now,
        )
    )


def _too_many_claims(connection: Connection, conversation_id: str, order_id: str, now: datetime) -> bool:
    here, anywhere = (
        connection.execute(
            select(func.count()).where(
                which, verifications.c.code_hash.like(f"{CLAIM}%"), verifications.c.expires_at > now
            )
        ).scalar_one()
        for which in (
            verifications.c.conversation_id == conversation_id,
            verifications.c.code_hash == CLAIM + order_id,
        )
    )
    return bool(here >= CLAIMS_PER_CONVERSATION or anywhere >= CLAIMS_PER_ORDER)


def _owner_with_email(connection: Connection, order_id: str, email: str) -> str | None:
    linked = select(identities.c.customer_id).where(identities.c.kind == "email", identities.c.value == email)
    owner: str | None = connection.execute(
        select(orders.c.customer_id)
        .join(customers, customers.c.customer_id == orders.c.customer_id)
        .where(
            orders.c.order_id == order_id,
            or_(customers.c.email == email, customers.c.customer_id.in_(linked)),
        )
    ).scalar_one_or_none()
    return owner

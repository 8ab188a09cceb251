"""One-time codes: six digits that are mailed to somebody, good for one use, some minutes and a few attempts.

A code is for one thing: signing in (`purpose` empty), or what else is proved by it. Where it is stored, the purpose
stands before its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.tables import verifications

CODE_LIFETIME = timedelta(minutes=10)
CODE_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)

# A wrong claim is a row of `verifications` too; what it has in place of a code's hash begins with this.
CLAIM = "claim:"


class CodeCheck(Enum):
    FITS = "fits"
    WRONG = "wrong"
    EXPIRED = "expired"  # or used, or never asked for
    NO_MORE_ATTEMPTS = "no_more_attempts"


@dataclass(frozen=True)
class Checked:
    outcome: CodeCheck
    customer_id: str | None = None  # whom the code was made for, where it fits


def codes_made(connection: Connection, whose: object, now: datetime) -> int:
    """How many codes, whatever for, were made in the WINDOW before `now`; `whose` is a condition."""
    oldest = now - WINDOW + CODE_LIFETIME
    return int(
        connection.execute(
            select(func.count()).where(
                whose, verifications.c.expires_at > oldest, verifications.c.code_hash.not_like(f"{CLAIM}%")
            )
        ).scalar_one()
    )


def make_code(
    connection: Connection, conversation_id: str, customer_id: str | None, now: datetime, purpose: str = ""
) -> str:
    """A new code; without a customer nothing will ever fit it."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    connection.execute(
        insert(verifications).values(
            conversation_id=conversation_id,
            customer_id=customer_id,
            code_hash=purpose + _hash(code),
            attempts=0,
            expires_at=now + CODE_LIFETIME,
        )
    )
    return code


def is_waiting_for_code(connection: Connection, conversation_id: str, now: datetime, purpose: str) -> bool:
    """Whether the newest code for this purpose can still be used."""
    row = _newest(connection, conversation_id, purpose)
    return row is not None and row.used_at is None and row.expires_at > now and row.attempts < CODE_ATTEMPTS


def check_code(connection: Connection, conversation_id: str, code: str, now: datetime, purpose: str = "") -> Checked:
    """Check the newest code of this conversation and purpose; one that fits is used up."""
    row = _newest(connection, conversation_id, purpose)
    if row is None or row.used_at is not None or row.expires_at <= now:
        return Checked(CodeCheck.EXPIRED)
    # Counted before it is looked at: of guesses sent at the same moment each costs one.
    counted = connection.execute(
        update(verifications)
        .where(
            verifications.c.verification_id == row.verification_id,
            verifications.c.attempts < CODE_ATTEMPTS,
            verifications.c.used_at.is_(None),
        )
        .values(attempts=verifications.c.attempts + 1)
    )
    if counted.rowcount == 0:
        return Checked(CodeCheck.NO_MORE_ATTEMPTS)
    fits = _fits(re.sub(r"\D", "", code), row.code_hash.removeprefix(purpose))
    if not fits or row.customer_id is None:
        last = row.attempts + 1 >= CODE_ATTEMPTS
        return Checked(CodeCheck.NO_MORE_ATTEMPTS if last else CodeCheck.WRONG)
    connection.execute(
        update(verifications).where(verifications.c.verification_id == row.verification_id).values(used_at=now)
    )
    return Checked(CodeCheck.FITS, row.customer_id)


def _newest(connection: Connection, conversation_id: str, purpose: str) -> Row | None:
    its = verifications.c.code_hash.like(f"{purpose}%") if purpose else verifications.c.code_hash.not_like("%:%")
    return connection.execute(
        select(verifications)
        .where(verifications.c.conversation_id == conversation_id, its)
        .order_by(verifications.c.verification_id.desc())
        .limit(1)
    ).one_or_none()


def _hash(code: str) -> str:
    salt = secrets.token_hex(16)
    return f"{salt}${_digest(salt, code)}"


def _fits(code: str, code_hash: str) -> bool:
    salt, _, digest = code_hash.partition("$")
    return hmac.compare_digest(_digest(salt, code), digest)


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()

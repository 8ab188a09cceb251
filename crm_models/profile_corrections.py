"""Correcting what the shop has wrong about a customer: name, e-mail address, phone number.

The row that replies are made from changes at once. Who said so is kept as a fact with its source
(`crm_models.view.profile`), and what it replaces stays beside it as what another source said.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.customers import normal_email, normal_phone
from crm_models.mailbox import queue_mail
from crm_models.one_time_codes import CODE_LIFETIME, CodeCheck, check_code, codes_made, is_waiting_for_code, make_code
from crm_models.tables import customers, identities, mails, profile_facts, verifications
from crm_models.verification import CODES_PER_CONVERSATION
from crm_models.view.import_marks import from_files
from crm_models.view.profile import CONFIDENCE, SourceKind

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_NAME = re.compile(r"[^\W\d_][^\d_<>{}()\[\]|\\/@#]*")
_LONGEST = {"first_name": 80, "last_name": 80, "email": 160, "phone": 40}
CODE_TEMPLATE, CHANGED_TEMPLATE = "email_change_code", "contact_changed"


class Correctable(StrEnum):
    NAME = "name"  # first and last together
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PHONE = "phone"


class CorrectionOutcome(StrEnum):
    CORRECTED = "corrected"
    ALREADY_SO = "already_so"
    NOT_VALID = "not_valid"


class EmailCode(StrEnum):
    """Where the proof of a new e-mail address stands; only who can read its mail gets it changed."""

    SENT = "code_sent"
    WAITING = "code_waiting"  # sent before and still good
    TOO_MANY = "too_many_codes"


def cleaned(field: Correctable, text: str) -> str | None:
    """The value as it is stored; None where it can be none of this field."""
    value = " ".join(text.split()).strip(" .,;:!?\"'")
    if field is Correctable.EMAIL:
        return normal_email(value) if _EMAIL.fullmatch(value) and len(value) <= _LONGEST["email"] else None
    if field is Correctable.PHONE:
        return value if 6 <= len(normal_phone(value)) <= 15 and len(value) <= _LONGEST["phone"] else None
    parts = _columns(field, value)
    fits = bool(_NAME.fullmatch(value)) and all(len(part) <= _LONGEST[name] for name, part in parts.items())
    return value if fits and len(value.split()) <= 6 else None


def correct_field(
    connection: Connection,
    customer_id: str,
    field: Correctable,
    value: str,
    source: str,
    kind: SourceKind,
    now: datetime,
) -> CorrectionOutcome:
    """Write the value where replies read it, and as a fact.

    Args:
        source: who said it, as `conversation web-1` or `staff mara`.
        kind: VERIFIED for the customer, STAFF for the desk. An e-mail address from the customer must be proved first,
            see `prove_email`.
    """
    fit = cleaned(field, value)
    row = connection.execute(select(customers).where(customers.c.customer_id == customer_id)).one_or_none()
    if fit is None or row is None:
        return CorrectionOutcome.NOT_VALID
    new = {name: part for name, part in _columns(field, fit).items() if getattr(row, name) != part}
    for name, part in _columns(field, fit).items():
        _keep_fact(connection, customer_id, name, part, source[:80], kind, now)
    if not new:
        return CorrectionOutcome.ALREADY_SO
    _keep_former(connection, row, new)
    connection.execute(update(customers).where(customers.c.customer_id == customer_id).values(**new))
    for name in ("email", "phone"):
        if name in new and getattr(row, name):
            _replace_contact(connection, row, name, now)
    return CorrectionOutcome.CORRECTED


def ask_for_proof(
    connection: Connection, conversation_id: str, customer_id: str, email: str, now: datetime
) -> EmailCode:
    """Mail a code to a new address, unless one is on its way there.

    Whether the address is another customer's is not told: whoever reads its mail may use it.
    """
    purpose = _purpose(email)
    if is_waiting_for_code(connection, conversation_id, now, purpose):
        return EmailCode.WAITING
    if codes_made(connection, verifications.c.conversation_id == conversation_id, now) >= CODES_PER_CONVERSATION:
        return EmailCode.TOO_MANY
    code = make_code(connection, conversation_id, customer_id, now, purpose)
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    connection.execute(
        insert(mails).values(
            customer_id=customer_id,
            recipient=normal_email(email),
            template=CODE_TEMPLATE,
            fields={"code": code, "minutes": minutes},
            created_at=now,
        )
    )
    return EmailCode.SENT


def prove_email(
    connection: Connection, conversation_id: str, customer_id: str, email: str, code: str, now: datetime
) -> CodeCheck:
    """Whether the code is that which was mailed to this very address for this customer."""
    checked = check_code(connection, conversation_id, code, now, _purpose(email))
    ours = checked.outcome is not CodeCheck.FITS or checked.customer_id == customer_id
    return checked.outcome if ours else CodeCheck.WRONG


def _purpose(email: str) -> str:
    return f"email:{hashlib.sha256(normal_email(email).encode()).hexdigest()[:16]}:"


def _columns(field: Correctable, value: str) -> dict[str, str]:
    """The columns that a value goes into. Of a whole name the first word is the first name; one alone is only that."""
    if field is not Correctable.NAME:
        return {field.value: value}
    first, _, last = value.partition(" ")
    return {"first_name": first} | ({"last_name": last} if last else {})


def _keep_former(connection: Connection, row: Row, new: dict[str, str]) -> None:
    """What the account said until now stays as a fact; what came from a file is one already."""
    copied = from_files(connection, [row.customer_id])
    for name in new:
        former = getattr(row, name)
        if former and (row.customer_id, name) not in copied:
            source = "customer account"
            _keep_fact(connection, row.customer_id, name, former, source, SourceKind.ACCOUNT, row.created_at)


def _keep_fact(
    connection: Connection, customer_id: str, field: str, value: str, source: str, kind: SourceKind, at: datetime
) -> None:
    same = (
        (profile_facts.c.customer_id == customer_id)
        & (profile_facts.c.field == field)
        & (profile_facts.c.value == value[:200])
        & (profile_facts.c.source == source)
    )
    said_again = connection.execute(update(profile_facts).where(same).values(as_of=at))
    if said_again.rowcount == 0:
        connection.execute(
            insert(profile_facts).values(
                customer_id=customer_id,
                field=field,
                value=value[:200],
                source=source,
                source_kind=kind.value,
                as_of=at,
                confidence=CONFIDENCE[kind],
            )
        )


def _replace_contact(connection: Connection, row: Row, name: str, now: datetime) -> None:
    """What was replaced no longer signs anybody in, and the address that was left behind hears of it."""
    former = normal_email(row.email) if name == "email" else row.phone
    connection.execute(
        delete(identities).where(
            identities.c.kind == name, identities.c.value == former, identities.c.customer_id == row.customer_id
        )
    )
    if name == "email":
        connection.execute(
            insert(mails).values(
                customer_id=row.customer_id,
                recipient=row.email,
                template=CHANGED_TEMPLATE,
                fields={"changed": name},
                created_at=now,
            )
        )
    else:
        queue_mail(connection, row.customer_id, CHANGED_TEMPLATE, {"changed": name}, now)

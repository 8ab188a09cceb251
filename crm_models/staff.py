"""Staff accounts: argon2 passwords, three roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.errors import BadStaff
from crm_models.tables import staff

MIN_PASSWORD = 8


class Role(StrEnum):
    AGENT = "agent"  # queue and conversations
    ANALYST = "analyst"  # insights, exports with personal columns masked
    ADMIN = "admin"  # both, exports in clear


@dataclass(frozen=True)
class StaffMember:
    staff_id: int
    username: str
    display_name: str  # what customers see
    role: Role


DEMO_STAFF = (
    ("agent", "Mara", Role.AGENT),
    ("analyst", "Jonas", Role.ANALYST),
    ("admin", "Ines", Role.ADMIN),
)


def create_staff(connection: Connection, username: str, display_name: str, password: str, role: Role) -> StaffMember:
    """Make an account.

    Raises:
        BadStaff: the user name is taken or unusable, or the password too short.
    """
    username = username.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,59}", username):
        raise BadStaff(f"{username!r} is no user name: 2 to 60 of a-z, 0-9, dot, dash and underscore.")
    if len(password) < MIN_PASSWORD:
        raise BadStaff(f"The password of {username} needs {MIN_PASSWORD} characters or more.")
    if _row(connection, username) is not None:
        raise BadStaff(f"There is already an account named {username}.")
    result = connection.execute(
        insert(staff).values(
            username=username,
            display_name=display_name.strip() or username,
            password_hash=_hasher().hash(password),
            role=role.value,
            active=True,
        )
    )
    return StaffMember(int(result.inserted_primary_key[0]), username, display_name.strip() or username, role)


def check_login(connection: Connection, username: str, password: str) -> StaffMember | None:
    """The account with this name and password; None otherwise, after the same work whatever was wrong."""
    row = _row(connection, username.strip().lower())
    if row is not None and not row.active:
        row = None
    hashed = _nobodys_hash() if row is None else row.password_hash
    try:
        _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return None
    if row is None:
        return None
    if _hasher().check_needs_rehash(hashed):
        _set_hash(connection, row.staff_id, _hasher().hash(password))
    return _member(row)


def get_staff(connection: Connection, staff_id: int) -> StaffMember | None:
    """The active account with this number: a session of somebody who left is worth nothing."""
    row = connection.execute(select(staff).where(staff.c.staff_id == staff_id, staff.c.active.is_(True))).one_or_none()
    return None if row is None else _member(row)


def set_active(connection: Connection, staff_id: int, active: bool) -> None:
    """Switch an account off (or on again); its name stays in the log."""
    connection.execute(update(staff).where(staff.c.staff_id == staff_id).values(active=active))


def seed_demo_staff(connection: Connection, passwords: Mapping[str, str]) -> list[StaffMember]:
    """One account of each role, named as the role; existing ones keep their number and get the new password.

    Args:
        passwords: by user name: agent, analyst and admin.
    """
    members = []
    for username, display_name, role in DEMO_STAFF:
        row = _row(connection, username)
        if row is None:
            members.append(create_staff(connection, username, display_name, passwords[username], role))
        else:
            _set_hash(connection, row.staff_id, _hasher().hash(passwords[username]))
            members.append(_member(row))
    return members


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """What an unknown user's password is checked against; no password fits an account that is not there."""
    return _hasher().hash("nobody has this password")


def _row(connection: Connection, username: str) -> Row | None:
    return connection.execute(select(staff).where(staff.c.username == username)).one_or_none()


def _set_hash(connection: Connection, staff_id: int, password_hash: str) -> None:
    connection.execute(update(staff).where(staff.c.staff_id == staff_id).values(password_hash=password_hash))


def _member(row: Row) -> StaffMember:
    return StaffMember(row.staff_id, row.username, row.display_name, Role(row.role))

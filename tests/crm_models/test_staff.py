import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.errors import BadStaff
from crm_models.staff import Role, check_login, create_staff, get_staff, seed_demo_staff, set_active
from crm_models.tables import staff

PASSWORDS = {"agent": "agent-pass", "analyst": "analyst-pass", "admin": "admin-pass"}


def test_the_right_password_opens_the_account(connection: Connection) -> None:
    mara = create_staff(connection, "Mara", "Mara B.", "correct horse", Role.AGENT)
    assert check_login(connection, " MARA ", "correct horse") == mara
    assert (mara.username, mara.display_name, mara.role) == ("mara", "Mara B.", Role.AGENT)
    assert get_staff(connection, mara.staff_id) == mara


@pytest.mark.parametrize(
    ("username", "password"), [("mara", "Correct horse"), ("mara", ""), ("nobody", "correct horse"), ("", "")]
)
def test_anything_else_does_not(connection: Connection, username: str, password: str) -> None:
    create_staff(connection, "mara", "Mara", "correct horse", Role.AGENT)
    assert check_login(connection, username, password) is None


def test_an_account_that_is_switched_off_opens_nothing(connection: Connection) -> None:
    mara = create_staff(connection, "mara", "Mara", "correct horse", Role.ADMIN)
    set_active(connection, mara.staff_id, False)
    assert check_login(connection, "mara", "correct horse") is None
    assert get_staff(connection, mara.staff_id) is None
    set_active(connection, mara.staff_id, True)
    assert check_login(connection, "mara", "correct horse") == mara


def test_passwords_are_stored_as_argon2_only(connection: Connection) -> None:
    create_staff(connection, "mara", "Mara", "correct horse", Role.AGENT)
    stored = connection.execute(select(staff.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$")
    assert "correct horse" not in stored


@pytest.mark.parametrize(
    ("username", "password", "reason"),
    [
        ("mara", "long enough", "already an account named mara"),
        ("x", "long enough", "'x' is no user name"),
        ("jonas smith", "long enough", "is no user name"),
        ("jonas", "short", "8 characters"),
    ],
)
def test_unusable_accounts_are_refused(connection: Connection, username: str, password: str, reason: str) -> None:
    create_staff(connection, "mara", "Mara", "correct horse", Role.AGENT)
    with pytest.raises(BadStaff, match=reason):
        create_staff(connection, username, "Somebody", password, Role.AGENT)


def test_seeding_again_keeps_the_accounts_and_sets_the_passwords(connection: Connection) -> None:
    first = seed_demo_staff(connection, PASSWORDS)
    assert {member.username: member.role for member in first} == {role.value: role for role in Role}
    again = seed_demo_staff(connection, {name: f"new-{word}" for name, word in PASSWORDS.items()})
    assert again == first
    assert check_login(connection, "admin", "admin-pass") is None
    assert check_login(connection, "admin", "new-admin-pass") == first[2]

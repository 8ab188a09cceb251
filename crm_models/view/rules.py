"""What links two records for certain, and what keeps them apart however alike they look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from crm_models.view.nicknames import may_be_same
from crm_models.view.records import Record

# More records than this with one phone number or address: a switchboard or a form filled with anything.
SHARED_BY_MANY = 20
ALIKE = 0.82
TYPING_ERROR = 2  # digits of a date or a number
HOUSEHOLD = "different first names at one address or phone: a household, not one person"


def certain_pairs(records: Sequence[Record]) -> dict[tuple[str, str], str]:
    """Pairs (smaller id first) that are one person by a rule, and what the rule says."""
    rules: tuple[tuple[str, Callable[[Record], object]], ...] = (
        ("the same loyalty number", lambda each: each.loyalty_number),
        ("the same verified e-mail address", lambda each: each.email if each.email_verified else None),
        ("the same phone number and name", lambda each: _all(each.phone, each.first_name, each.last_name)),
        ("the same e-mail address and name", lambda each: _all(each.email, each.first_name, each.last_name)),
    )
    found: dict[tuple[str, str], str] = {}
    for says, key in rules:
        for group in _groups(records, key):
            for one, other in combinations(sorted(each.record_id for each in group), 2):
                found.setdefault((one, other), says)
    return found


def apart(one: Record, other: Record) -> str | None:
    """Why two records must not be linked without a person looking at them; None when nothing speaks against it."""
    if _same(one.loyalty_number, other.loyalty_number):
        return None
    if _verified_email(one, other):
        return None
    near_id = _near(one.national_id, other.national_id)
    born = _near(one.birth_date, other.birth_date) or _turned(one.birth_date, other.birth_date)
    if one.birth_date and other.birth_date and not born and not near_id:
        return f"different dates of birth ({one.birth_date} and {other.birth_date})"
    if not _names_fit(one, other) and not near_id:
        if not born:
            return HOUSEHOLD
        if _same(one.last_name, other.last_name) and _same(one.street, other.street):
            return "born on one day with one last name and address, but with different first names: twins perhaps"
    return None


def supported(one: Record, other: Record) -> bool:
    """Whether more than the names speaks for a link: a number, a date, an address.

    Two people may have one name, and addresses of mailboxes are made of names, so similar ones prove nothing more.
    """
    return (
        _near(one.national_id, other.national_id)
        or _near(one.birth_date, other.birth_date)
        or _turned(one.birth_date, other.birth_date)
        or _same(one.email, other.email)
        or _same(one.phone, other.phone)
        or _same(one.postcode, other.postcode)
        or (
            one.street is not None
            and other.street is not None
            and JaroWinkler.similarity(one.street, other.street) >= 0.9
        )
    )


def _groups(records: Iterable[Record], key: Callable[[Record], object]) -> list[list[Record]]:
    groups: defaultdict[object, list[Record]] = defaultdict(list)
    for each in records:
        value = key(each)
        if value:
            groups[value].append(each)
    return [group for group in groups.values() if 1 < len(group) <= SHARED_BY_MANY]


def _all(*values: str | None) -> tuple[str | None, ...] | None:
    return values if all(values) else None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _verified_email(one: Record, other: Record) -> bool:
    return _same(one.email, other.email) and one.email_verified and other.email_verified


def _near(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and DamerauLevenshtein.distance(one, other) <= TYPING_ERROR


def _turned(one: str | None, other: str | None) -> bool:
    """Day and month exchanged."""
    return one is not None and other is not None and one == f"{other[:4]}{other[6:]}{other[4:6]}"


def _names_fit(one: Record, other: Record) -> bool:
    if not one.first_name or not other.first_name:
        return True
    if may_be_same(one.first_name, other.first_name):
        return True
    if JaroWinkler.similarity(one.first_name, other.first_name) >= ALIKE:
        return True
    return _crossed(one, other) or _crossed(other, one)


def _crossed(one: Record, other: Record) -> bool:
    """First and last name exchanged, perhaps misspelt."""
    if one.first_name is None or other.last_name is None:
        return False
    return JaroWinkler.similarity(one.first_name, other.last_name) >= ALIKE

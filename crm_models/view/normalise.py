"""Forms in which values of different sources can be compared; what was given is kept elsewhere.

Every function returns None where nothing is left to compare.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

# Providers that deliver `jane.doe+news@` and `janedoe@` into the same mailbox; elsewhere dots and tags count.
DOTS_DO_NOT_COUNT = frozenset({"gmail.com"})
TAGS_DO_NOT_COUNT = DOTS_DO_NOT_COUNT | {
    "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com",
}  # fmt: skip
SAME_PROVIDER = {"googlemail.com": "gmail.com"}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "œ": "oe", "ł": "l", "Ł": "l", "đ": "d"})
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "sir", "mme", "mlle"})
_STREET_WORDS = {
    "street": "st", "str": "st", "road": "rd", "avenue": "ave", "av": "ave", "lane": "ln", "drive": "dr", "place": "pl",
    "court": "ct", "crescent": "cres", "boulevard": "blvd", "square": "sq", "terrace": "tce", "circuit": "cct",
    "close": "cl", "highway": "hwy", "parade": "pde", "apartment": "apt", "strasse": "st",
}  # fmt: skip
_NUMBER_FIRST = re.compile(r"^(\d+\s?[a-z]?)\s+(\D.*)$")
_NUMBER_LAST = re.compile(r"^(\D*[a-z.])\s+(\d+\s?[a-z]?)$")
# Written on forms by whoever does not want to tell.
_NOTHING = frozenset({"", "na", "n a", "none", "null", "nan", "unknown", "test", "xxx", "not provided", "no", "nil"})


def plain(text: object) -> str | None:
    """Small letters and digits without diacritics, words parted by one blank."""
    if text is None or text != text:  # a missing number is not equal to itself
        return None
    letters = unicodedata.normalize("NFKD", str(text).translate(_LETTERS).casefold())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    words = " ".join(re.sub("['\u2019`]", "", kept).replace("_", " ").split())
    words = " ".join(re.sub(r"[^\w\s]", " ", words).split())
    return None if words in _NOTHING else words


def email(text: object) -> str | None:
    """The mailbox: small letters, and without dots and tags where the provider ignores them."""
    found = str(text or "").strip().strip("<>").casefold()
    if not _EMAIL.fullmatch(found):
        return None
    user, _, domain = found.rpartition("@")
    domain = SAME_PROVIDER.get(domain, domain)
    if domain in TAGS_DO_NOT_COUNT:
        user = user.split("+", 1)[0]
    if domain in DOTS_DO_NOT_COUNT:
        user = user.replace(".", "")
    return f"{user}@{domain}" if user else None


def phone(text: object, country: str | None) -> str | None:
    """E.164, `+441632960001`; a number without country code is read as one of `country` (two letters)."""
    import phonenumbers

    given = str(text or "").strip()
    if sum(c.isdigit() for c in given) < 6:
        return None
    if given.startswith("00"):
        given = f"+{given[2:]}"
    try:
        number = phonenumbers.parse(given, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def name(text: object) -> str | None:
    """As `plain`, without titles and digits."""
    words = plain(text)
    kept = [word for word in (words or "").split() if word not in _TITLES and not word.isdigit()]
    return " ".join(kept) or None


def full_name(text: object) -> tuple[str | None, str | None]:
    """(first, last) of "Doe, Jane" and "Jane Doe"; one word is a last name."""
    given = str(text or "")
    if given.count(",") == 1:
        last, first = given.split(",")
        return name(first), name(last)
    words = (name(given) or "").split()
    if len(words) < 2:
        return None, words[0] if words else None
    return " ".join(words[:-1]), words[-1]


def street(text: object, number: object = None) -> tuple[str | None, str | None]:
    """(street, house number); the number is taken out of the street where it is not given apart."""
    words = plain(text)
    house = plain(number)
    if words is None:
        return None, _house(house)
    if house is None:
        first, last = _NUMBER_FIRST.match(words), _NUMBER_LAST.match(words)
        if first:
            house, words = first[1], first[2]
        elif last:
            words, house = last[1], last[2]
    return " ".join(_STREET_WORDS.get(word, word) for word in words.split()), _house(house)


def code(text: object) -> str | None:
    """Postcodes, loyalty numbers and the like: letters and digits alone."""
    return (plain(text) or "").replace(" ", "") or None


def birth_date(text: object, today: date) -> str | None:
    """`YYYYMMDD`; None for a date that nobody alive was born on."""
    digits = re.sub(r"\D", "", str(text or ""))[:8]
    try:
        found = datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None
    return f"{found:%Y%m%d}" if date(1900, 1, 1) <= found <= today else None


def _house(number: str | None) -> str | None:
    return None if number is None else number.replace(" ", "")

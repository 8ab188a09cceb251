"""What is compared of two records, level by level, the most alike first: Splink's comparisons in words.

Only columns that are filled in enough records are compared, so that any customer table can be linked.
Levels follow Fellegi and Sunter (1969): each has a probability m among matches and u among others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# A column that fewer records fill tells too little to be learned from.
FILLED = 0.02
# Within these, a value that all share (one state) tells nothing.
DISTINCT = 2


@dataclass(frozen=True)
class Level:
    """One degree of likeness: what is said of it, its SQL, and whether rare values count more."""

    says: str
    sql: str
    frequency: bool = False


def _like(column: str, least: float) -> str:
    return f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {least}'


def _edits(column: str, most: int) -> str:
    return f'damerau_levenshtein("{column}_l", "{column}_r") <= {most}'


def _same(column: str) -> str:
    return f'"{column}_l" = "{column}_r"'


def _swapped(one: str, other: str) -> str:
    return f'"{one}_l" = "{other}_r" AND "{other}_l" = "{one}_r"'


def _crossed(one: str, other: str) -> str:
    return f'("{one}_l" = "{other}_r" OR "{other}_l" = "{one}_r")'


_DAY_MONTH = (
    'substr("birth_date_l", 1, 4) = substr("birth_date_r", 1, 4) AND '
    'substr("birth_date_l", 5, 2) = substr("birth_date_r", 7, 2) AND '
    'substr("birth_date_l", 7, 2) = substr("birth_date_r", 5, 2)'
)
_MAILBOX = "split_part(\"email_l\", '@', 1) = split_part(\"email_r\", '@', 1)"
_INITIAL = (
    'least(length("first_name_l"), length("first_name_r")) = 1 AND '
    'substr("first_name_l", 1, 1) = substr("first_name_r", 1, 1)'
)

LEVELS: dict[str, tuple[Level, ...]] = {
    "first_name": (
        Level("the same first name", _same("first_name"), frequency=True),
        Level("first and last name exchanged", _swapped("first_name", "last_name")),
        Level("a first name spelt almost alike", _like("first_name", 0.92)),
        Level("an initial of the first name", _INITIAL),
        Level("a similar first name", _like("first_name", 0.82)),
    ),
    "last_name": (
        Level("the same last name", _same("last_name"), frequency=True),
        Level("last and first name exchanged", _swapped("last_name", "first_name")),
        Level("a last name spelt almost alike", _like("last_name", 0.92)),
        Level("a similar last name", _like("last_name", 0.82)),
    ),
    "birth_date": (
        Level("the same date of birth", _same("birth_date"), frequency=True),
        Level("a date of birth with day and month exchanged", _DAY_MONTH),
        Level("a date of birth one digit apart", _edits("birth_date", 1)),
        Level("a date of birth two digits apart", _edits("birth_date", 2)),
    ),
    "national_id": (
        Level("the same identity number", _same("national_id")),
        Level("an identity number one digit apart", _edits("national_id", 1)),
        Level("an identity number two digits apart", _edits("national_id", 2)),
    ),
    "email": (
        Level("the same e-mail address", _same("email"), frequency=True),
        Level("the same name of mailbox at another provider", _MAILBOX),
        Level("an e-mail address spelt almost alike", _like("email", 0.94)),
    ),
    "phone": (
        Level("the same phone number", _same("phone"), frequency=True),
        Level("a phone number one digit apart", _edits("phone", 1)),
    ),
    "street": (
        Level("the same street", _same("street"), frequency=True),
        Level("a street spelt almost alike", _like("street", 0.9)),
        Level("the street in the other line of the address", _crossed("street", "address2")),
        Level("a similar street", _like("street", 0.8)),
    ),
    "house": (
        Level("the same house number", _same("house"), frequency=True),
        Level("a house number one digit apart", _edits("house", 1)),
    ),
    "address2": (
        Level("the same second line of the address", _same("address2"), frequency=True),
        Level("a second line of the address spelt almost alike", _like("address2", 0.88)),
    ),
    "city": (
        Level("the same town", _same("city"), frequency=True),
        Level("a town spelt almost alike", _like("city", 0.88)),
    ),
    "postcode": (
        Level("the same postcode", _same("postcode"), frequency=True),
        Level("a postcode one digit apart", _edits("postcode", 1)),
    ),
    "state": (
        Level("the same state", _same("state"), frequency=True),
    ),
}  # fmt: skip
DIFFERS = {
    "first_name": "different first names", "last_name": "different last names",
    "birth_date": "different dates of birth", "national_id": "different identity numbers",
    "email": "different e-mail addresses", "phone": "different phone numbers",
    "street": "different streets", "house": "different house numbers",
    "address2": "another second line of the address",
    "city": "different towns", "postcode": "different postcodes", "state": "different states",
}  # fmt: skip
_MISSING = -1


def compared(table: pd.DataFrame) -> list[str]:
    """The columns worth comparing: filled often enough, and not the same in every record."""
    chosen = []
    for name in LEVELS:
        filled = table[name].notna()
        if filled.mean() >= FILLED and table.loc[filled, name].nunique() >= DISTINCT:
            chosen.append(name)
    return chosen


def comparisons(columns: list[str]) -> list[Any]:
    """Splink's comparison of each column; its output column is called as the column."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    made = []
    for name in columns:
        levels: list[Any] = [cll.NullLevel(name)]
        for level in LEVELS[name]:
            if level.frequency:
                levels.append(cll.ExactMatchLevel(name, term_frequency_adjustments=True))
            else:
                levels.append(cll.CustomLevel(level.sql, label_for_charts=level.says))
        levels.append(cll.ElseLevel())
        made.append(cl.CustomComparison(levels, output_column_name=name, comparison_description=name))
    return made


def in_words(name: str, gamma: int) -> str | None:
    """What a comparison found, from Splink's level number; None where a value was missing.

    Splink counts the levels from below: 0 is "all other", the highest is the first of `LEVELS`.
    """
    if gamma == _MISSING:
        return None
    levels = LEVELS[name]
    return DIFFERS[name] if gamma == 0 else levels[len(levels) - gamma].says

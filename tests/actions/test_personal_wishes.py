"""What a message says of the customer's own data: which field is not to be used, and what a name should be."""

from __future__ import annotations

import pytest

from actions.correct_profile import _name_in
from actions.field_choices import fields_named
from crm_models.personal_fields import PersonalField
from crm_models.profile_corrections import Correctable


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("please don't use my name", [PersonalField.NAME]),
        ("don't call me by my first name", [PersonalField.NAME]),
        ("don't use my purchases", [PersonalField.PURCHASES]),
        ("leave my order history out of it", [PersonalField.PURCHASES]),
        ("stop mentioning my orders", [PersonalField.ORDERS]),
        ("do not use where I live", [PersonalField.LOCATION]),
        ("don't bring up our last conversation", [PersonalField.LAST_CONVERSATION]),
        ("don't use my gold status", [PersonalField.TIER]),
        ("don't use your guesses about me", [PersonalField.INTERESTS]),
        ("neither my name nor what I bought", [PersonalField.PURCHASES, PersonalField.NAME]),
        ("don't use that", []),
    ],
)
def test_the_fields_that_are_named(text: str, fields: list[PersonalField]) -> None:
    assert list(fields_named(text)) == fields


@pytest.mark.parametrize(
    ("text", "asked", "name"),
    [
        ("my name is wrong, it's Anja Berg", False, "Anja Berg"),
        ("my surname is wrong, it should be Okafor-Lee", False, "Okafor-Lee"),
        ("my name is not Ana but Anna", False, "Anna"),
        ("I got married, my last name is Meyer now", False, "Meyer"),
        ("please correct my last name: Bergmann", False, "Bergmann"),
        ("my name is misspelled", False, None),
        ("it is spelled wrong", False, None),
        ("you have the wrong name for me", False, None),
        ("Anja Berg", True, "Anja Berg"),
        ("anja berg", True, "Anja Berg"),
        ("no idea what you want from me here", True, None),
        ("Anja Berg", False, None),
    ],
)
def test_the_name_in_a_message(text: str, asked: bool, name: str | None) -> None:
    assert _name_in(Correctable.NAME, text, asked) == name

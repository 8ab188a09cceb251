"""Addresses as customers type them."""

from __future__ import annotations

import pytest

from actions.address_text import correct_address, parse_address
from actions.change_address import address_words
from crm_models.addresses import Address


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("12 Rose Street, 10115 Berlin, Germany", "12 Rose Street, 10115 Berlin, DE"),
        ("Hauptstr. 5a, 3. OG, 1010 Wien, Austria", "Hauptstr. 5a, 3. OG, 1010 Wien, AT"),
        ("Main Street 4, 1012 AB Amsterdam, the Netherlands", "Main Street 4, 1012 AB Amsterdam, NL"),
        ("986 Sunset Drive, Suite 259, Denver, CO 80279", "986 Sunset Drive, Suite 259, 80279 Denver, CO"),
        ("it should go to 742 Maple Avenue, Springfield, IL 62704", "742 Maple Avenue, 62704 Springfield, IL"),
        ("please send it to 5 Lake Road\n75001 Paris\nFrance", "5 Lake Road, 75001 Paris, FR"),
    ],
)
def test_an_address_is_read_from_one_line_or_several(typed: str, written: str) -> None:
    address = parse_address(typed, "")
    assert address is not None
    assert address_words(address.columns()) == written


@pytest.mark.parametrize("typed", ["Rose street, Berlin", "what is the return policy, please?", "10115", ""])
def test_what_is_no_whole_address_is_not_taken_for_one(typed: str) -> None:
    assert parse_address(typed, "DE") is None


def test_the_country_is_the_one_before_only_where_none_is_named() -> None:
    assert parse_address("5 Lake Road, 75001 Paris", "FR").country == "FR"
    assert parse_address("5 Lake Road, 75001 Paris, Germany", "FR").country == "DE"


KNOWN = Address("12 Rose Street", "Berlin", "10115", "DE")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("no, it's 14 Rose Street", "14 Rose Street, 10115 Berlin, DE"),
        ("wrong street: Lindenallee 3a", "Lindenallee 3a, 10115 Berlin, DE"),
        ("the house number is 14, not 12", "14 Rose Street, 10115 Berlin, DE"),
        ("no, 14a", "14a Rose Street, 10115 Berlin, DE"),
        ("wrong postcode, 10119", "12 Rose Street, 10119 Berlin, DE"),
        ("the postcode is wrong, it's D-10119", "12 Rose Street, 10119 Berlin, DE"),
        ("14467 Potsdam please", "12 Rose Street, 14467 Potsdam, DE"),
        ("the town is Potsdam", "12 Rose Street, 10115 Potsdam, DE"),
        ("no, 14 Rose Street, 10119", "14 Rose Street, 10119 Berlin, DE"),
        ("it should be 10119 Maple Avenue", "10119 Maple Avenue, 10115 Berlin, DE"),
    ],
)
def test_a_part_is_corrected_and_the_rest_stays(said: str, written: str) -> None:
    corrected = correct_address(said, KNOWN)
    assert corrected is not None
    assert address_words(corrected.columns()) == written


@pytest.mark.parametrize("said", ["no", "yes", "no no no", "yes, send it there", "12 Rose Street", "no, cancel that"])
def test_what_corrects_nothing_leaves_the_address(said: str) -> None:
    assert correct_address(said, KNOWN) is None


def test_what_goes_before_the_last_to_is_no_street() -> None:
    said = "i moved, change the address of my vacuum order to Lindenweg 4, 10961 Berlin"
    address = parse_address(said, "DE")
    assert address is not None and (address.address1, address.postcode, address.city) == (
        "Lindenweg 4",
        "10961",
        "Berlin",
    )

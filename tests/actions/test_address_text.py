"""Addresses as customers type them."""

from __future__ import annotations

import pytest

from actions.address_text import parse_address
from actions.change_address import address_words


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

"""Countries that a text names, by their two-letter codes (ISO 3166-1)."""

from __future__ import annotations

import re

_NAMES = {
    "AT": "Austria|Austrian",
    "AU": "Australia|Australian",
    "BE": "Belgium|Belgian",
    "BG": "Bulgaria|Bulgarian",
    "CA": "Canada|Canadian",
    "CH": "Switzerland|Swiss",
    "CN": "China|Chinese",
    "CY": "Cyprus|Cypriot",
    "CZ": "Czech Republic|Czechia|Czech",
    "DE": "Germany|German",
    "DK": "Denmark|Danish",
    "EE": "Estonia|Estonian",
    "ES": "Spain|Spanish",
    "FI": "Finland|Finnish",
    "FR": "France|French",
    "GB": "United Kingdom|Great Britain|England|Scotland|Wales|British|UK",
    "GR": "Greece|Greek",
    "HR": "Croatia|Croatian",
    "HU": "Hungary|Hungarian",
    "IE": "Ireland|Irish",
    "IN": "India|Indian",
    "IS": "Iceland|Icelandic",
    "IT": "Italy|Italian",
    "JP": "Japan|Japanese",
    "LI": "Liechtenstein",
    "LT": "Lithuania|Lithuanian",
    "LU": "Luxembourg|Luxembourgish",
    "LV": "Latvia|Latvian",
    "MT": "Malta|Maltese",
    "NL": "Netherlands|Holland|Dutch",
    "NO": "Norway|Norwegian",
    "NZ": "New Zealand",
    "PL": "Poland|Polish",
    "PT": "Portugal|Portuguese",
    "RO": "Romania|Romanian",
    "SE": "Sweden|Swedish",
    "SI": "Slovenia|Slovenian",
    "SK": "Slovakia|Slovak",
    "TR": "Turkey|Turkish",
    "US": "United States|USA|American",
}
_PATTERN = re.compile("|".join(rf"(?P<{code}>\b(?:{names})\b)" for code, names in _NAMES.items()), re.IGNORECASE)


# The name alone, without the words for what is of there: a French press is no country.
_BY_NAME = {names.partition("|")[0].lower(): code for code, names in _NAMES.items()}


def country_called(name: str) -> str | None:
    """The code of the country that has exactly this English name."""
    return _BY_NAME.get(name.strip().lower().removeprefix("the "))


def country_code(name: str) -> str | None:
    """The code in capitals of a country given by code or by name; "UK" is GB. None for what is neither."""
    name = name.strip()
    found = _PATTERN.fullmatch(name.removeprefix("the "))
    if found is not None:
        return found.lastgroup
    return name.upper() if re.fullmatch(r"[A-Za-z]{2}", name) else None


def named_countries(text: str) -> frozenset[str]:
    """Codes of the countries whose English name, or the word for what is of there, is in `text`."""
    return frozenset(match.lastgroup for match in _PATTERN.finditer(text) if match.lastgroup)

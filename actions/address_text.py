"""A postal address out of what somebody typed: "12 Rose Street, 10115 Berlin, Germany"."""

from __future__ import annotations

import re
from dataclasses import replace

from crm_models.addresses import Address, country_code

# The postcode stands before the town (Europe) or after it and the state (United States, Ireland).
_EIRCODE = r"[A-Z]\d[\dW]\s?[A-Z0-9]{4}"
_BEFORE = re.compile(
    rf"^(?:[A-Z]{{1,2}}-)?(?P<postcode>\d{{4,5}}(?:\s?[A-Z]{{2}})?|{_EIRCODE})\s+(?P<city>\D+)$", re.IGNORECASE
)
_AFTER = re.compile(
    rf"^(?P<city>\D+?)[\s,]+(?:(?P<state>[A-Z]{{2}})\s+)?(?P<postcode>\d{{5}}(?:-\d{{4}})?|{_EIRCODE})$", re.IGNORECASE
)
_STATE_AND_CODE = re.compile(r"^[A-Z]{2}\s+\d{5}")
_CODE_ALONE = re.compile(rf"^(?:[A-Z]{{1,2}}-)?(?:\d{{4,5}}(?:\s?[A-Z]{{2}})?|{_EIRCODE})$", re.IGNORECASE)
_STREET = re.compile(r"\d+\s*[a-z]?\b", re.IGNORECASE)
# What people say before they come to the address.
_LEAD = re.compile(
    r"^.*?\b(?:address(?:\s+(?:is|to))?|send\s+it\s+to|deliver(?:\s+it)?\s+to|(?:go|goes|ship(?:\s+it)?|change(?:\s+it)?|going)\s+to|live\s+at|moved\s+to)\b[\s:,]*",
    re.IGNORECASE,
)
# "the address of my vacuum order to Lindenweg 4": what goes before the last "to" is no street.
_LAST_TO = re.compile(r"^.*\bto\s+(?=\D*\d|\d)", re.IGNORECASE)
# What stands around a part that is corrected: "no, the postcode is wrong, it's 10119", "14 Rose Street, not 12".
_CORRECTION = re.compile(
    r"^(?:(?:no|nope|wait|sorry|oops|oh|actually|rather|but|and|that'?s|it'?s|it|is|isn'?t|was|should|must|be|the|my|a|new"
    r"|correct|right|wrong|i|meant?|make|at|to|please|house|number|street|address|post\s?code|postal|zip|code|city"
    r"|town)\b[\s,.:;!-]*)+",
    re.IGNORECASE,
)
_NOT_THIS = re.compile(r"[\s,]*\b(?:not|instead(?:\s+of)?|please|and\s+not)\b.*$", re.IGNORECASE)
_STREET_FIRST = re.compile(r"^\D{3,}?\s\d{1,4}\s?[a-z]?(?:/\d+)*$|^\d{1,5}\s?[a-z]?\s+\D{3,}$", re.IGNORECASE)
_COUNTRY_BEFORE = re.compile(r"^[A-Z]{1,2}-(?=\d)")
_ROAD = re.compile(
    r"(?:\b(?:st|rd|road|ave|avenue|lane|drive|way|court|square)|street|stra(?:ß|ss)e|str|weg|platz|allee|gasse)\b",
    re.IGNORECASE,
)
_HOUSE_NUMBER = re.compile(r"^\d{1,4}\s?[a-z]?$", re.IGNORECASE)
_NUMBER_IN_STREET = re.compile(r"\d+(?:\s?[a-z]\b)?", re.IGNORECASE)
_CITY_SAID = re.compile(r"\b(?:city|town)\b", re.IGNORECASE)


def correct_address(text: str, known: Address) -> Address | None:
    """`known` with the parts that `text` says otherwise: street, house number, postcode, town; None where none is."""
    corrected = known
    for part in re.split(r"\s*[,;\n]\s*", text):
        said = _NOT_THIS.sub("", _CORRECTION.sub("", part.strip())).strip(" .!")
        # A town ("10119 Berlin") looks like a street with its number first.
        town = _BEFORE.match(said)
        if town and not _ROAD.search(said):
            corrected = replace(corrected, postcode=town["postcode"].upper(), city=town["city"].strip())
        elif _CODE_ALONE.match(said):
            corrected = replace(corrected, postcode=_COUNTRY_BEFORE.sub("", said.upper()))
        elif _STREET_FIRST.match(said):
            corrected = replace(corrected, address1=said)
        elif _HOUSE_NUMBER.match(said) and _NUMBER_IN_STREET.search(known.address1):
            corrected = replace(corrected, address1=_NUMBER_IN_STREET.sub(said, known.address1, count=1))
        elif said and not re.search(r"\d", said) and _CITY_SAID.search(part):
            corrected = replace(corrected, city=said)
    return corrected if corrected != known else None


def street_alone(text: str) -> str | None:
    """Street and number, where a message is nothing else."""
    said = _said_alone(text)
    return said if _STREET_FIRST.match(said) and not _is_town(said) else None


def town_alone(text: str) -> str | None:
    """Postcode and town, where a message is nothing else."""
    said = _said_alone(text)
    return said if _is_town(said) else None


def _said_alone(text: str) -> str:
    return _CORRECTION.sub("", " ".join(text.split())).strip(" .!")


def _is_town(said: str) -> bool:
    return bool((_BEFORE.match(said) or _AFTER.match(said)) and not _ROAD.search(said))


def parse_address(text: str, country: str) -> Address | None:
    """The address in `text`; `country` is taken where none is named. None when street or town cannot be seen."""
    plain = " ".join(_LEAD.sub("", text.replace("\n", ", ")).split()).strip(" .")
    parts = [part.strip() for part in re.split(r"\s*[,;]\s*", plain) if part.strip()]
    parts[:1] = [_LAST_TO.sub("", part) for part in parts[:1]]
    if len(parts) < 2 or not _STREET.search(parts[0]):
        return None
    town, position = _town(parts)
    if town is None:
        return None
    after = parts[position + 1 :]
    return Address(
        address1=parts[0],
        address2=", ".join(parts[1 : town["start"]]) or None,
        city=town["city"],
        postcode=town["postcode"].upper(),
        state=town["state"],
        country=country_code(after[0]) if after else country,
    )


def _town(parts: list[str]) -> tuple[dict, int] | tuple[None, int]:  # type: ignore[type-arg]
    """The part with the postcode, or two parts ("city, ST 12345"); and where the last of them stands."""
    for position in range(1, len(parts)):
        if position > 1 and _CODE_ALONE.match(parts[position]):
            town = {"city": parts[position - 1], "postcode": parts[position], "state": None}
            return {**town, "start": position - 1}, position
        start = position - 1 if position > 1 and _STATE_AND_CODE.match(parts[position]) else position
        joined = ", ".join(parts[start : position + 1])
        match = _BEFORE.match(joined) or _AFTER.match(joined)
        if match:
            found = match.groupdict()
            state = (found.get("state") or "").upper() or None
            town = {"city": found["city"].strip(" ,"), "postcode": found["postcode"], "state": state}
            return {**town, "start": start}, position
    return None, 0

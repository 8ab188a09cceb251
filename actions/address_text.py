"""A postal address out of what somebody typed: "12 Rose Street, 10115 Berlin, Germany"."""

from __future__ import annotations

import re

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


def parse_address(text: str, country: str) -> Address | None:
    """The address in `text`; `country` is taken where none is named. None when street or town cannot be seen."""
    plain = " ".join(_LEAD.sub("", text.replace("\n", ", ")).split()).strip(" .")
    parts = [part.strip() for part in re.split(r"\s*[,;]\s*", plain) if part.strip()]
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

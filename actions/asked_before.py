"""What the customer asked for before other messages came in between, such as the code of a sign-in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A message of the customer: its text, and the first value of each entity in it."""

    text: str
    entities: Mapping[str, str]


def asked_before(events: Sequence[Mapping[str, Any]], intents: Collection[str]) -> Iterator[Asked]:
    """The customer's messages with one of these intents in this session, the latest first."""
    for event in reversed(events):
        if event["event"] == "session_started":
            return
        parse = (event.get("parse_data") or {}) if event["event"] == "user" else {}
        if (parse.get("intent") or {}).get("name") in intents:
            found: dict[str, str] = {}
            for entity in parse.get("entities") or []:
                found.setdefault(entity["entity"], str(entity["value"]))
            yield Asked(event.get("text") or "", found)

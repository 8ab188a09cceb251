"""Two places where Rasa 3.6 spends most of a turn on work that need not be done, replaced when the bot starts.

* `RemoteAction._validate_action_result` checks each answer of the action server against a JSON schema of all events:
  about two thirds of the processor time of a turn with an action. The answers come from the project's own action
  server behind a shared key; that they are lists of events and responses is checked here, and
  `deserialise_events` refuses an unknown event by name.
* `Event.resolve_by_type` walks all subclasses of Event for every event that is read back.

`rapport bench serving` shows what it comes to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.shared.exceptions import RasaException

_resolve_slowly = Event.resolve_by_type


@lru_cache(maxsize=256)
def resolve_event_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """The class of events of that name, looked up once; what is unknown raises each time."""
    found: type[Event] | None = _resolve_slowly(type_name, default)
    return found


def check_action_result(_: RemoteAction, result: dict[str, Any]) -> bool:
    """Whether the action server answered with a list of events and a list of responses.

    Raises:
        RasaException: it did not.
    """
    for part in ("events", "responses"):
        entries = result.get(part, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise RasaException(f"The action server answered with {part} that are no list of objects.")
    return True


def apply() -> None:
    """Put both in place; doing it again changes nothing."""
    Event.resolve_by_type = staticmethod(resolve_event_type)
    RemoteAction._validate_action_result = check_action_result

"""A task in progress, as one turn of its form sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.shop_action import Context


class TaskEnded(Exception):
    """The task cannot go on; the customer has been told why."""


@dataclass
class State:
    """A task in progress: the values so far, what this turn changed, what to ask next."""

    context: Context
    asked: str | None
    values: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)
    ask: str | None = None

    def set(self, slot: str, value: Any) -> None:
        """Note a value, now and for the coming turns."""
        self.values[slot] = value
        self.changes[slot] = value

    def forget(self, slots: tuple[str, ...]) -> None:
        """Drop values."""
        for slot in slots:
            if self.values.get(slot) is not None:
                self.set(slot, None)

    def events(self) -> list[EventType]:
        """What Rasa must remember, and the field to ask for (None ends the form)."""
        return [
            *(SlotSet(slot, value) for slot, value in self.changes.items()),
            SlotSet("requested_slot", self.ask),
        ]

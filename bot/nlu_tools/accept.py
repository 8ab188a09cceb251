"""Taking a labelled message into the examples: once, whole, and never against another intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from bot.nlu_tools.decisions import Decision, Decisions
from bot.nlu_tools.domain import MADE_BY_THE_BOT, find_domain, read_names
from bot.nlu_tools.examples import plain_of, read_examples, same_key
from bot.nlu_tools.made_up import Vocabulary
from bot.nlu_tools.write import add_example


class Taken(Enum):
    WRITTEN = "written"
    ALREADY = "already"  # the intent has this text
    CONFLICT = "conflict"  # another intent has it


@dataclass(frozen=True)
class Result:
    taken: Taken
    place: str
    """The file that was written, or where the text stands already."""
    intent: str


class Labels:
    """The examples of a folder, to which reviewed messages are added."""

    def __init__(self, data: Path, decisions: Decisions) -> None:
        self.data, self.decisions = data, decisions
        self.examples = read_examples(data)
        self.vocabulary = Vocabulary.of(self.examples)
        domain = find_domain(data)
        named = read_names(domain).intents - MADE_BY_THE_BOT if domain else frozenset()
        self.intents: tuple[str, ...] = tuple(sorted({*named, *(each.intent for each in self.examples)}))
        self._places = {same_key(each.text): (each.intent, each.place) for each in self.examples}

    def intents_like(self, typed: str) -> Sequence[str]:
        """The intent of this name; otherwise those whose name begins so."""
        typed = typed.strip().lower()
        if typed in self.intents:
            return [typed]
        return [name for name in self.intents if typed and name.lower().startswith(typed)]

    def accept(self, intent: str, marked: str, masked: str, message_id: int, now: datetime) -> Result:
        """Add `marked` to the intent's examples and remember it; a conflict is remembered by nobody."""
        key = same_key(plain_of(marked))
        if key in self._places:
            there, place = self._places[key]
            if there != intent:
                return Result(Taken.CONFLICT, place, there)
            result = Result(Taken.ALREADY, place, there)
        else:
            path = add_example(self.data, intent, marked)
            self._places[key] = (intent, path.name)
            result = Result(Taken.WRITTEN, path.name, intent)
        # Written first: whoever is interrupted here is asked again, and the text is found to be there already.
        self.decisions.remember(masked, Decision.ACCEPTED, now, message_id, intent)
        return result

    def never(self, masked: str, message_id: int, now: datetime) -> None:
        """Do not ask again."""
        self.decisions.remember(masked, Decision.NEVER, now, message_id)

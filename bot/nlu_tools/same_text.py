"""The same text twice: within an intent, under two intents, or among the held-out messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.nlu_tools.errors import BadExamples
from bot.nlu_tools.examples import Example, same_key
from bot.nlu_tools.findings import Finding, Kind

# Relative to the checkout. They measure the bot, so nothing of them may be trained on.
HELD_OUT = Path("tests", "behaviour", "intents.yml")


def same_texts(examples: Sequence[Example]) -> list[Finding]:
    """Texts that differ in case, spaces and punctuation alone: duplicates in one intent, conflicts across intents."""
    found = []
    for group in _groups(examples):
        intents = sorted({each.intent for each in group})
        if len(intents) > 1:
            found.append(Finding(Kind.CONFLICT, f"the same text under {_listed(intents)}", True, group))
        for intent in intents:
            copies = tuple(each for each in group if each.intent == intent)
            if len(copies) > 1:
                where = ", ".join(each.place for each in copies[1:])
                found.append(Finding(Kind.DUPLICATE, f"the same text again at {where}", examples=copies, worth=1.0))
    return found


def leaked(examples: Sequence[Example], held_out: Iterable[str], source: Path) -> list[Finding]:
    """Examples whose text is among the `held_out` ones of the file `source`."""
    keys = {same_key(text) for text in held_out}
    return [
        Finding(Kind.LEAKAGE, f"stands in {source.name} too, which is never trained on", True, (each,))
        for each in examples
        if same_key(each.text) in keys
    ]


def find_held_out(data: Path) -> Path | None:
    """The held-out messages of the checkout that the folder lies in; None outside of one."""
    return next((path for each in data.resolve().parents if (path := each / HELD_OUT).is_file()), None)


def read_held_out(path: Path) -> list[str]:
    """Their texts. Raises BadExamples."""
    try:
        return [str(row["text"]) for row in YAML(typ="safe").load(path.read_text(encoding="utf-8")) or []]
    except (YAMLError, KeyError, TypeError) as error:
        raise BadExamples(f"{path} is no list of held-out messages with a text each: {error}.") from error


def _groups(examples: Sequence[Example]) -> list[tuple[Example, ...]]:
    by_key: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_key[same_key(example.text)].append(example)
    return [tuple(group) for group in by_key.values() if len(group) > 1]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"

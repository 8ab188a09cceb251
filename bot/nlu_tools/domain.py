"""The names that the domain gives to intents and entities, and the examples that know others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.nlu.decision import AMBIGUOUS, UNSURE
from bot.nlu_tools.errors import BadExamples
from bot.nlu_tools.examples import Example, nlu_files
from bot.nlu_tools.findings import Finding, Kind

# The classifier reports them; nobody writes them.
MADE_BY_THE_BOT = frozenset({AMBIGUOUS, UNSURE})
_LOOKED_IN = 3  # folders above the examples


@dataclass(frozen=True)
class Names:
    intents: frozenset[str]
    entities: frozenset[str]


def find_domain(data: Path) -> Path | None:
    """`domain` or `domain.yml` beside the examples or up to three folders above; None where there is none."""
    for folder in (data.resolve(), *data.resolve().parents[:_LOOKED_IN]):
        for name in ("domain", "domain.yml", "domain.yaml"):
            if (folder / name).exists():
                return folder / name
    return None


def read_names(domain: Path) -> Names:
    """All intents and entities of a domain's file or folder. Raises BadExamples."""
    intents: set[str] = set()
    entities: set[str] = set()
    for path in nlu_files(domain):
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        except (YAMLError, ValueError) as error:
            raise BadExamples(f"{path} is no YAML: {str(error).splitlines()[0]}.") from error
        if isinstance(content, dict):
            intents |= set(_names(content.get("intents")))
            entities |= set(_names(content.get("entities")))
    return Names(frozenset(intents), frozenset(entities))


def unknown_names(examples: Sequence[Example], names: Names) -> list[Finding]:
    """Intents and entities of examples that the domain lacks, and intents of the domain without an example."""
    found = []
    for intent in sorted({each.intent for each in examples}):
        if intent.split("/")[0] not in names.intents:
            own = tuple(each for each in examples if each.intent == intent)
            found.append(Finding(Kind.UNKNOWN, f"the domain has no intent {intent}", True, own, 2.0))
    for entity in sorted({mark.entity for each in examples for mark in each.marks} - names.entities):
        own = tuple(each for each in examples if any(mark.entity == entity for mark in each.marks))
        found.append(Finding(Kind.UNKNOWN, f"the domain has no entity {entity}", True, own, 1.0))
    shown = {each.intent.split("/")[0] for each in examples}
    for intent in sorted(names.intents - shown - MADE_BY_THE_BOT):
        found.append(
            Finding(Kind.UNKNOWN, f"the intent {intent} of the domain has no example", facts={"intent": intent})
        )
    return found


def _names(listed: Any) -> Iterable[str]:
    """A name may stand alone or with settings of its own."""
    for each in listed or ():
        yield from map(str, each) if isinstance(each, dict) else (str(each),)

"""Writes examples as Rasa's training data: `book a [table](object)`, under their intents."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence

from bot.nlu.training_text import TrainingText

# Rasa knows no escape for its marks: a blank keeps a bracket from being read as one.
_MARK = re.compile(r"\](?=[(\[{])")
_ROUND = str.maketrans("[]", "()")


def to_yaml(texts: Sequence[TrainingText]) -> str:
    """All must have an intent. Intents in the order of their names, examples in the given one."""
    lines_of: dict[str, list[str]] = defaultdict(list)
    for each in texts:
        if each.intent is None:
            raise ValueError(f"The example {each.text!r} has no intent.")
        lines_of[each.intent].append(f"      - {marked_text(each)}")
    # Rasa decodes backslashes in a file that is all ASCII; the dash in this line spares the examples that.
    parts = ['version: "3.1"', "", "# Imported \N{EN DASH} check the intents with `rapport train`.", "nlu:"]
    for intent, lines in sorted(lines_of.items()):
        parts += [f"  - intent: {json.dumps(intent, ensure_ascii=False)}", "    examples: |", *lines]
    return "\n".join(parts) + "\n"


def marked_text(example: TrainingText) -> str:
    """One line, with the entities in Rasa's form."""
    parts = []
    place = 0
    for span in example.spans:
        parts.append(_one_line(example.text[place : span.start]))
        parts.append(f"[{_one_line(example.text[span.start : span.end]).translate(_ROUND)}]({span.label})")
        place = span.end
    return "".join([*parts, _one_line(example.text[place:])]).strip()


def _one_line(text: str) -> str:
    """Control characters are no YAML."""
    return _MARK.sub("] ", "".join(letter if letter.isprintable() else " " for letter in text))

"""Examples with marked entities, from the files of others into the bot's training data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.cli.display import console
from bot.cli.errors import BadExamples
from bot.nlu.entity_files import INTENTS_FILE, read_entity_files
from bot.nlu.training_yaml import to_yaml


def nlu_import(source: Path, intent: str | None, target: Path) -> None:
    """Write the texts of `source` to the YAML file `target`, which must not be there yet.

    intent: of all texts; none takes each text's own, where the files tell it.

    Raises:
        EntityFileError: `source` cannot be read; names file, line and remedy.
        BadExamples: the texts have no intent, or `target` cannot be written.
    """
    if target.suffix not in (".yml", ".yaml"):
        raise BadExamples(f"{target} is no YAML file. Give --to a name that ends in .yml.")
    if target.exists():
        raise BadExamples(f"{target} is there already. Give --to another name, or move that file away first.")
    texts = read_entity_files(source)
    if intent:
        texts = [replace(each, intent=intent) for each in texts]
    without = sum(each.intent is None for each in texts)
    if without:
        raise BadExamples(
            f"{without} of the {len(texts)} texts in {source} have no intent. Give --intent a name for all of them, "
            f"or put a file {INTENTS_FILE!r} with an intent a line beside them."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(to_yaml(texts), encoding="utf-8")
    kinds = sorted({span.label for each in texts for span in each.spans})
    console.print(
        f"{len(texts)} examples of {len({each.intent for each in texts})} intents in {target}. Name what is new of "
        f"these entities in the domain: {', '.join(kinds) or 'none'}.",
        markup=False,
    )

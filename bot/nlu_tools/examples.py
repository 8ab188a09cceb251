"""The examples of the intents with the place where each is written; Rasa's loader forgets the lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data import entities_parser
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.nlu_tools.errors import BadExamples


@dataclass(frozen=True)
class Mark:
    """A part of an example that is marked as an entity."""

    entity: str
    text: str
    value: str
    start: int
    """Place of `text` in the example's text."""


@dataclass(frozen=True)
class Example:
    path: Path
    line: int
    """First is 1."""
    intent: str
    marked: str
    """As it is written, with its marks."""
    text: str
    """As a customer would have typed it."""
    marks: tuple[Mark, ...]

    @property
    def place(self) -> str:
        return f"{self.path.name}:{self.line}"


@dataclass(frozen=True)
class Block:
    """The examples of one intent in one file."""

    path: Path
    intent: str
    line: int
    """Of the intent's name; first is 1."""
    node: Node
    examples: tuple[Example, ...]


def same_key(text: str) -> str:
    """Equal for texts that differ in case, spaces and punctuation alone."""
    # A thumb up says something else than a thumb down.
    kept = (each if each.isalnum() or unicodedata.category(each) == "So" else " " for each in text.casefold())
    return " ".join("".join(kept).split()) or " ".join(text.split())


def read_examples(data: Path) -> list[Example]:
    """All examples of a file or a folder, in the order of the files' names and lines.

    Raises:
        BadExamples: there are none, or a file is not what Rasa reads.
    """
    return [example for block in read_blocks(data) for example in block.examples]


def read_blocks(data: Path) -> list[Block]:
    """The same, with the intents they stand under."""
    blocks = [block for path in nlu_files(data) for block in blocks_of(path, path.read_text(encoding="utf-8"))]
    if not any(block.examples for block in blocks):
        raise BadExamples(f"There are no examples of intents in {data}; name the folder of the NLU files with --data.")
    return blocks


def nlu_files(data: Path) -> list[Path]:
    if data.is_file():
        return [data]
    if not data.is_dir():
        raise BadExamples(f"There is no folder {data}; name the folder of the NLU files with --data.")
    return sorted(path for path in data.rglob("*") if path.suffix in (".yml", ".yaml"))


def blocks_of(path: Path, text: str) -> list[Block]:
    """The blocks in the text of one file; none where it holds no `nlu`.

    Raises:
        BadExamples: names the file and the line.
    """
    blocks = []
    for item in _nlu_items(path, text):
        fields = _fields(item)
        intent, examples = fields.get("intent"), fields.get("examples")
        if isinstance(intent, ScalarNode) and examples is not None:
            name, line = str(intent.value), intent.start_mark.line + 1
            found = tuple(_example(path, number, name, marked) for number, marked in _lines(path, name, examples))
            blocks.append(Block(path, name, line, examples, found))
    return blocks


def plain_of(marked: str) -> str:
    """What Rasa makes of a marked example's text."""
    return str(entities_parser.replace_entities(marked))


def _nlu_items(path: Path, text: str) -> Sequence[Node]:
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadExamples(f"{path}{line}: this is no YAML: {error.problem or error.context}.") from error
    except (YAMLError, ValueError) as error:
        raise BadExamples(f"{path}: this is no YAML: {error}.") from error
    items = _fields(root).get("nlu") if isinstance(root, MappingNode) else None
    return items.value if isinstance(items, SequenceNode) else ()


def _fields(node: Any) -> dict[str, Node]:
    return {str(key.value): value for key, value in node.value} if isinstance(node, MappingNode) else {}


def _lines(path: Path, intent: str, examples: Node) -> Iterator[tuple[int, str]]:
    """Line (first is 1) and text of each example, read as Rasa does."""
    first = examples.start_mark.line + 1
    if isinstance(examples, SequenceNode):
        for item in examples.value:
            text = _fields(item).get("text")
            if text is None:
                raise BadExamples(f"{path}, line {item.start_mark.line + 1}: an example of {intent} has no text.")
            yield text.start_mark.line + 1, str(text.value).strip(" \n\r")
        return
    if not isinstance(examples, ScalarNode):
        raise BadExamples(f"{path}, line {first}: the examples of {intent} are neither a text nor a list.")
    lined = examples.style == "|"  # of other kinds of text the lines in the file are not those of the value
    for number, line in enumerate(str(examples.value).splitlines()):
        place = first + 1 + number if lined else first
        if line.startswith("-"):
            yield place, line[1:].strip(" \n\r")
        elif line.strip() and not line.lstrip().startswith("#"):
            raise BadExamples(f"{path}, line {place}: an example of {intent} does not begin with '- ': {line!r}.")


def _example(path: Path, line: int, intent: str, marked: str) -> Example:
    try:
        entities = entities_parser.find_entities_in_training_example(marked)
    except (RasaException, ValueError, KeyError) as error:
        raise BadExamples(f"{path}, line {line}: the marked entities cannot be read: {marked!r}.") from error
    text = plain_of(marked)
    marks = tuple(
        Mark(str(each["entity"]), text[each["start"] : each["end"]], str(each["value"]), each["start"])
        for each in entities
    )
    return Example(path, line, intent, marked, text, marks)

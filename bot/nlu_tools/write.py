"""Adding an example to the files: one line where the intent's examples end, and not a letter elsewhere.

The parser says where the line belongs, the text is then changed as text: comments, quotes and indentation stay. What
was made is read again before it takes the file's place, so a file that cannot take a line this way is left alone.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml.nodes import SequenceNode

from bot.nlu_tools.errors import BadExamples, CannotWrite
from bot.nlu_tools.examples import Block, blocks_of, read_blocks

# Takes the examples of intents that have none yet.
NEW_FILE = "reviewed.yml"
_BRACKETS = str.maketrans("[]", "()")
_LIST_ITEM = re.compile(r"\s*-\s")


def unmarked(text: str) -> str:
    """`text` as one line in which Rasa reads no entity: it knows no way to escape a bracket, so they become round."""
    text = "".join(each for each in " ".join(text.split()) if unicodedata.category(each)[0] != "C")
    return " ".join(text.translate(_BRACKETS).split())


def add_example(data: Path, intent: str, marked: str) -> Path:
    """Write one more example of `intent`, as a whole or not at all; returns the file.

    Args:
        data: folder or file of examples, read anew.
        marked: one line, entities marked as Rasa has it.

    Raises:
        CannotWrite: the file cannot take it this way, or may not be written.
    """
    block = next((each for each in read_blocks(data) if each.intent == intent), None)
    if block is None:
        return _add_intent(data, intent, marked)
    path = block.path.resolve()
    before = _read(path)
    # Places are looked up in the very text that is changed.
    block = next(each for each in blocks_of(block.path, before) if each.intent == intent)
    after = _with_line(before, block, marked)
    _replace(path, before, after, intent, marked)
    return block.path


def _with_line(text: str, block: Block, marked: str) -> str:
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if isinstance(block.node, SequenceNode):
        at, new = _list_item(lines, block, marked, ending)
    else:
        at, new = _block_line(lines, block, marked, ending)
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += ending
    return "".join([*lines[:at], *new, *lines[at:]])


def _block_line(lines: Sequence[str], block: Block, marked: str, ending: str) -> tuple[int, list[str]]:
    if not block.examples or getattr(block.node, "style", None) != "|":
        raise CannotWrite(
            f"{block.path}, line {block.line}: the examples of {block.intent} are no block that begins with '|' and "
            "holds a line. Write them as one, or add the example by hand."
        )
    at = block.examples[-1].line
    indent = lines[at - 1][: len(lines[at - 1]) - len(lines[at - 1].lstrip())]
    return at, [f"{indent}- {marked}{ending}"]


def _list_item(lines: Sequence[str], block: Block, marked: str, ending: str) -> tuple[int, list[str]]:
    last = block.node.value[-1] if block.node.value else None
    opening = _LIST_ITEM.match(lines[last.start_mark.line]) if last is not None else None
    if last is None or opening is None:
        raise CannotWrite(f"{block.path}, line {block.line}: add an example of {block.intent} by hand.")
    at = min(last.end_mark.line, len(lines))
    while at > last.start_mark.line + 1 and lines[at - 1].strip().partition("#")[0] == "":
        at -= 1
    indent = opening[0][: opening[0].index("-")]
    return at, [f"{indent}- text: |{ending}", f"{indent}    {marked}{ending}"]


def _add_intent(data: Path, intent: str, marked: str) -> Path:
    if data.is_file():
        raise CannotWrite(f"{data} has no examples of {intent}; add the intent there first.")
    path = data / NEW_FILE
    before = _read(path) if path.exists() else 'version: "3.1"\n\n# Messages that `rapport nlu review` added.\n\nnlu:\n'
    after = f"{before.rstrip()}\n- intent: {intent}\n  examples: |\n    - {marked}\n"
    _replace(path, before if path.exists() else "", after, intent, marked)
    return path


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:  # line endings stay as they are
        return file.read()


def _replace(path: Path, before: str, after: str, intent: str, marked: str) -> None:
    wanted = sorted([*_content(path, before), (intent, marked)])
    try:
        holds = sorted(_content(path, after)) == wanted
    except BadExamples:
        holds = False
    if not holds:
        raise CannotWrite(f"{path} cannot take {marked!r} under {intent} without a change elsewhere; add it by hand.")
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, aside)
        aside.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror or error}. Change who may write it.") from error
    finally:
        aside.unlink(missing_ok=True)


def _content(path: Path, text: str) -> list[tuple[str, str]]:
    return [(each.intent, example.marked) for each in blocks_of(path, text) for example in each.examples]

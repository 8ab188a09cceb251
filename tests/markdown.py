"""What stands in a Markdown file of this project: blocks of code, commands, links, headings, tables."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from bot.settings import PROJECT

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->")
_COMMAND = re.compile(r"^(?:\s{4}|\$ )?((?:rapport|make|\.venv/bin/\w+) .*|rapport)$")


@dataclass(frozen=True)
class Block:
    """One block of code. `file` is what a comment before it names: the file that the block is meant to be."""

    path: Path
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.path.relative_to(PROJECT)}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """The fenced blocks."""
    found: list[Block] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        end = next(later for later in range(number + 1, len(lines)) if lines[later].strip() == "```")
        text = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
        named = _FILE.search("\n".join(lines[max(0, number - 2) : number]))
        found.append(Block(path, number + 2, opening["language"], text, named["name"] if named else None))
        number = end + 1
    return found


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def commands(path: Path) -> list[str]:
    """Command lines of the project (rapport, make, programs of .venv) in blocks for a shell, without comments."""
    lines = [line for block in blocks(path) if block.language == "sh" for line in block.text.splitlines()]
    lines += [line for line in prose(path).splitlines() if line.startswith("    ")]
    found = [_COMMAND.match(re.sub(r"\s+#.*$", "", line)) for line in lines]
    return [" ".join(match[1].split()) for match in found if match]


def inline_code(path: Path) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"`([^`\n]+)`", prose(path))


def links(path: Path) -> list[str]:
    """Targets of links and images that lead to a file of the project, or into this one."""
    text = re.sub(r"`[^`\n]*`", "", prose(path))
    targets: list[str] = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(path: Path) -> set[str]:
    """What can stand behind the # of a link."""
    headings = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(path: Path, first: str) -> list[list[str]]:
    """Cells of the rows of all tables whose first column is headed `first`."""
    found: list[list[str]] = []
    inside = False
    for line in prose(path).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            found.append(cells)
    return found

"""What the code can say: the first words of each `say` and `word`, read from the actions' source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Said:
    """One call in the code. A part that is computed there is None."""

    place: str  # file:line
    parts: tuple[tuple[str, ...] | None, ...]  # for each positional argument, what it can be


def calls(function: str, package: str = "actions") -> Iterator[Said]:
    """Every call of `function` (a name or a method's name) in a package."""
    for path in sorted((PROJECT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == function:
                place = f"{path.relative_to(PROJECT)}:{node.lineno}"
                yield Said(place, tuple(_literals(argument) for argument in node.args))


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literals(node: ast.expr) -> tuple[str, ...] | None:
    """The texts an argument can be: a constant, or constants to choose from."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.IfExp):
        branches = [_literals(branch) for branch in (node.body, node.orelse)]
        return tuple(text for branch in branches if branch for text in branch) or None
    return None

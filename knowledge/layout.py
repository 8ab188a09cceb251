"""An answer's sentences as they are shown: prose, the items of a list one below the other, rows of a table as people
would write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from knowledge.blocks import Row
from knowledge.chunk import Listed

Foreign = Callable[[Sequence[str]], frozenset[int]]
"""Of the names of the columns after the first, the places of those that are for other people."""

# Columns whose name says nothing that the cell does not: "Repair: up to 10 working days" needs no "time".
_PLAIN = re.compile(
    r"(?:what|how|when|who|where|why|was|wie|wann|wer|wo|warum)\b.*|meaning|time|remedy|solution|answer|value|details?"
    r"|description|result|notes?|bedeutung|zeit|dauer|l\u00f6sung|antwort|wert|hinweis",
    re.IGNORECASE,
)
_NOTHING = frozenset(("", "-", "\u2013", "\u2014"))
# Cells of a row stand in one line while each is this short, and all together.
_SHORT, _LINE = 32, 110
# Of sections that were read together.
_JOINED = re.compile(r" / |[?!.]$")
_ENDED = re.compile(r"[.!?:]$")


def lay_out(
    sentences: Sequence[str], outline: Mapping[str, Listed], headings: Mapping[str, str], body: str, foreign: Foreign
) -> str:
    """The text of an answer in lines.

    `outline` is that of the document the sentences are from (see `chunk.outline`), `body` its text; `headings` is what
    each sentence stands under, which introduces a list that nothing else does.
    """
    lines: list[str] = []
    prose: list[str] = []
    listed = [(sentence, outline.get(sentence)) for sentence in sentences]
    for _, run in groupby(listed, key=lambda each: each[1].group if each[1] else 0):
        said = list(run)
        within = [each for _, each in said if each is not None]
        rows = list(dict.fromkeys(each.row for each in within if each.row is not None))
        introduced = bool(prose) and prose[-1].endswith(":")
        # One item alone is a sentence like others.
        if not rows and (introduced or len({each.number for each in within}) > 1):
            added = _items(said)
        elif rows:
            added = _rows(rows, introduced, body, foreign)
        else:
            prose += [sentence for sentence, _ in said]
            continue
        if prose:
            lines.append(" ".join(prose))
        elif added[0].startswith("- ") and (heading := headings.get(said[0][0])) and not _JOINED.search(heading):
            lines.append(f"{heading.rstrip(':')}:")
        lines += added
        prose = []
    return "\n".join([*lines, " ".join(prose)] if prose else lines)


def _items(quoted: Sequence[tuple[str, Listed | None]]) -> list[str]:
    """A line for each, steps with their numbers."""
    items: dict[int, list[str]] = {}
    for sentence, listed in quoted:
        if listed is not None:
            items.setdefault(listed.number, []).append(sentence)
    is_step = any(listed is not None and listed.is_step for _, listed in quoted)
    if is_step:
        return [f"{number}. {' '.join(sentences)}" for number, sentences in items.items()]
    said = [" ".join(sentences) for sentences in items.values()]
    # The stop was put behind what is no sentence, to be quoted beside others; in a line of its own it is too much.
    return [f"- {text.removesuffix('.') if text[:1].islower() else text}" for text in said]


def _rows(rows: Sequence[Row], introduced: bool, body: str, foreign: Foreign) -> list[str]:
    left_out = foreign(rows[0].columns[1:])
    cells = [(_capital(row.cells[0]), _values(row, left_out)) for row in rows]
    cells = [(name, values) for name, values in cells if values] or cells
    names = {column for _, values in cells for column, _ in values}
    if len(names) <= 1:
        return _pairs(cells, "".join(names), bool(left_out), introduced)
    short = [_short(values, body) for _, values in cells]
    if all(short) and all(name for name, _ in cells):
        lines = [f"{name}: {said}" for (name, _), said in zip(cells, short, strict=True)]
        return [f"- {line}" for line in lines] if len(lines) > 1 else [_ended(lines[0])]
    lines = []
    for name, values in cells:
        lines += [f"{name}:"] if name else []
        lines += [f"- {': '.join(filter(None, each))}" for each in values]
    return lines


def _values(row: Row, left_out: frozenset[int]) -> list[tuple[str, str]]:
    """Name and value of the cells in which something stands."""
    cells = zip(row.columns[1:], row.cells[1:], strict=False)
    return [each for place, each in enumerate(cells) if place not in left_out and each[1] not in _NOTHING]


def _pairs(
    cells: Sequence[tuple[str, list[tuple[str, str]]]], column: str, is_own: bool, introduced: bool
) -> list[str]:
    """Rows of one value each; `is_own` says that the column is that of the person."""
    values = [(name, values[0][1] if values else "") for name, values in cells]
    lead = column if is_own or not _PLAIN.fullmatch(column) else ""
    if len(values) == 1:
        ((name, value),) = values
        if lead and name:
            name = f"{name} ({lead})" if is_own else f"{lead} ({name})"
        return [_ended(": ".join(filter(None, (name or lead, value))))]
    lines = [f"- {': '.join(filter(None, each))}" for each in values]
    return lines if introduced or not lead else [f"{lead}:", *lines]


def _short(values: Sequence[tuple[str, str]], body: str) -> str:
    """ "4.90 EUR (Basic, Silver), free (Gold)"; empty where that would be long, or could not be told apart."""
    # Words are written small in brackets, names are not: the article tells by writing one of them small.
    are_words = any(re.search(rf"\b{re.escape(_small(name).split()[0])}\b", body) for name, _ in values if name)
    columns: dict[str, list[str]] = {}
    for column, value in values:
        said = "" if _PLAIN.fullmatch(column) else _small(column) if are_words else column
        columns.setdefault(value, []).extend([said] if said else [])
    line = ", ".join(f"{value} ({', '.join(of)})" if of else value for value, of in columns.items())
    plain = all(len(value) <= _SHORT and not re.search(r"[,;:()]|[.!?](?: |$)", value) for value in columns)
    return line if plain and len(line) <= _LINE else ""


def _small(column: str) -> str:
    return column[:1].lower() + column[1:] if column[1:2].islower() else column


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:] if name[1:2].islower() else name


def _ended(line: str) -> str:
    return line if _ENDED.search(line) else f"{line}."

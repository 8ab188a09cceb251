"""Questions and answers in rows (CSV, XLSX) or objects (JSON): which column is which, and a document for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.errors import DocumentError
from knowledge.frontmatter import FrontMatter, read_matter
from knowledge.tables import Rows, csv_rows, json_list, plain_name, without_empty, xlsx_sheets

# Names of columns as help desks and shops export them; the first is ours.
_NAMES = {
    "question": "question title subject query instruction frage titel betreff",
    "answer": "answer body response reply text content article antwort inhalt",
    "id": "id key",
    "topic": "topic category section thema kategorie",
    "language": "language lang locale sprache",
    "audience": "audience tier tiers segment zielgruppe",
    "countries": "countries country land laender",
    "valid_from": "valid_from from_date gueltig_ab",
    "valid_until": "valid_until until expires gueltig_bis",
    "updated": "updated updated_at modified geaendert",
    "url": "url link source_url",
}
_RANK = {name: rank for names in _NAMES.values() for rank, name in enumerate(names.split())}
_FIELD = {name: field for field, names in _NAMES.items() for name in names.split()}
_LISTS = ("audience", "countries")
# What a table of answers that were given once has, and a table of answers for everybody does not.
_OF_TICKETS = frozenset(("rating", "csat", "satisfaction", "ticket_id"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One question with its answer; `number` is the row in the file, or the place in the list, from 1."""

    number: int
    matter: FrontMatter
    answer: str


@dataclass(frozen=True, slots=True)
class Entries:
    """What could be read, and a sentence for each row that could not."""

    found: tuple[Entry, ...]
    problems: tuple[str, ...]


def read_csv(text: str) -> Entries:
    """Rows under a line of column names; the delimiter is found out. Raises DocumentError without such a line."""
    return _from_rows(csv_rows(text, _names_columns))


def read_xlsx(data: bytes) -> Entries:
    """All sheets with such columns; row numbers are those of the sheet."""
    sheets = xlsx_sheets(data)
    found: list[Entry] = []
    problems: list[str] = []
    refused: DocumentError | None = None
    for title, rows in sheets.items():
        try:
            read = _from_rows(rows)
        except DocumentError as error:
            refused = error
            if any(cell not in (None, "") for row in rows for cell in row):
                problems.append(f"sheet {title!r}: {error}")
            continue
        found += read.found
        problems += [f"sheet {title!r}, {problem}" if len(sheets) > 1 else problem for problem in read.problems]
    if not found and refused is not None and len(problems) <= 1:
        raise refused or DocumentError("it is empty")
    return Entries(tuple(found), tuple(problems))


def read_json(text: str) -> Entries:
    """A list of objects with question and answer, or title and body, or of rows under one that names the columns."""
    values = json_list(text, _names_columns)
    if not values:
        raise DocumentError("it is an empty list; add objects with 'question' and 'answer' to it")
    if values and all(isinstance(value, list) for value in values):
        return _from_rows(values)
    _refuse_tickets(values[0] if values and isinstance(values[0], dict) else ())
    return _gather((number, value) for number, value in enumerate(values, 1))


def _from_rows(rows: Rows) -> Entries:
    numbered = without_empty(rows, _names_columns)
    names = [str(cell or "") for cell in numbered[0][1]]
    if not _names_columns(names):
        raise DocumentError(
            f"its columns ({', '.join(filter(None, names))[:200]}) do not name a question and an answer; "
            "write 'question' and 'answer' above two of them"
        )
    _refuse_tickets(names)
    return _gather((number, dict(zip(names, row, strict=False))) for number, row in numbered[1:])


def _refuse_tickets(names: Iterable[Any]) -> None:
    """What one customer was told once is not read as an article for all."""
    for name in names:
        if plain_name(name) in _OF_TICKETS:
            raise DocumentError(
                f"its column '{name}' makes it a history of tickets; read it with `rapport ingest --tickets`, "
                "or take the column out"
            )


def _names_columns(names: Iterable[Any]) -> bool:
    return {_field(str(name)) for name in names} >= {"question", "answer"}


def _field(name: str) -> str | None:
    return _FIELD.get(plain_name(name))


def _gather(values: Iterable[tuple[int, Any]]) -> Entries:
    found: list[Entry] = []
    problems: list[str] = []
    asked: dict[str, int] = {}
    for number, value in values:
        try:
            entry = _entry(number, value)
            same = asked.setdefault(entry.matter.title.casefold(), number)
            if same != number:
                raise DocumentError(f"asks the same as row {same}")
            found.append(entry)
        except DocumentError as error:
            problems.append(f"row {number}: {error}")
    return Entries(tuple(found), tuple(problems))


def _entry(number: int, value: Any) -> Entry:
    if not isinstance(value, dict):
        raise DocumentError(f"{str(value)[:80]!r} is not an object with a question and an answer")
    fields = {field: cell for field, cell in _known(value) if cell not in (None, "")}
    question, answer = (_text(fields.pop(name, ""), name) for name in ("question", "answer"))
    if not question or not answer:
        raise DocumentError(f"has no {'answer' if question else 'question'}")
    return Entry(number, read_matter({**fields, "title": question}), answer)


def _rank(name: str) -> int:
    return _RANK.get(plain_name(name), 0)


def _text(cell: Any, name: str) -> str:
    if isinstance(cell, dict | list):
        raise DocumentError(f"its {name} must be a text, not {str(cell)[:80]}")
    return str(cell).strip()


def _known(value: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    # The likeliest name of a field last: it goes before the others.
    for name, cell in sorted(value.items(), key=lambda each: -_rank(str(each[0]))):
        field = _field(str(name))
        if field in _LISTS and isinstance(cell, str):
            yield field, [part.strip() for part in cell.replace(";", ",").replace("|", ",").split(",") if part.strip()]
        elif field in ("valid_from", "valid_until", "updated"):
            yield field, _day(cell)
        elif field is not None:
            yield field, cell.strip() if isinstance(cell, str) else cell


def _day(cell: Any) -> Any:
    """A day out of its ISO text; anything else as it is, to be refused by name."""
    if isinstance(cell, str):
        try:
            return datetime.fromisoformat(cell.strip()).date()
        except ValueError:
            return cell.strip()
    return cell

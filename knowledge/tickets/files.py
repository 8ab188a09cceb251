"""Tickets out of a file that a help desk wrote: which column is what, and what is wrong with a row."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from knowledge.errors import DocumentError
from knowledge.readers import decode
from knowledge.tables import NamesColumns, Rows, csv_rows, json_list, plain_name, without_empty, xlsx_sheets
from knowledge.tickets.letters import body_of
from knowledge.tickets.ratings import Scale, guess_scale, read_rating
from knowledge.tickets.ticket import Ticket

Mask = Callable[[str, Sequence[str]], str]
"""The text without personal data, also without the values given, which are known to be personal."""

SUFFIXES = (".csv", ".xlsx", ".json", ".jsonl")
NEEDED = ("question", "answer")
# Names of columns as help desks export them; the first is ours.
_NAMES = {
    "question": "question customer_message description message query instruction request subject title frage anfrage",
    "answer": "answer agent_answer agent_reply reply response resolution last_reply antwort",
    "rating": "rating csat satisfaction satisfaction_rating satisfaction_score score bewertung",
    "time": "time created_at created date asked_at opened_at timestamp datum erstellt",
    "id": "id ticket_id ticket ticket_number number key",
    "personal": "personal name customer_name requester requester_name customer email customer_email requester_email "
    "agent agent_name assignee phone",
}
FIELDS = tuple(_NAMES)
# An answer given word for word so often is no single customer's: the shop's own address may stand in it.
_CANNED_FROM = 5
# A question longer than this is a story that nobody asks again.
_LONGEST_QUESTION = 1000


@dataclass(frozen=True, slots=True)
class TicketFile:
    """`columns` by field, `scale` of numeric ratings, and a sentence for each row that was left out."""

    tickets: tuple[Ticket, ...]
    columns: Mapping[str, tuple[str, ...]]
    scale: Scale | None
    problems: tuple[str, ...]


def read_tickets(
    path: Path, mask: Mask, told: Mapping[str, Sequence[str]] | None = None, scale: Scale | None = None
) -> TicketFile:
    """The tickets of a CSV, XLSX, JSON (list of objects) or JSONL file, without personal data.

    Args:
        told: columns by field of `FIELDS`, before what their names tell; only "personal" may have several.
        scale: of ratings in numbers; without it the usual one that they fit.

    Raises:
        DocumentError: the file cannot be read, or it is not clear which columns are question and answer.
    """
    names, rows = _read(path, _head_of(told or {}))
    columns = _columns(names, told or {})
    numbered = [(number, _cells(row, columns)) for number, row in rows]
    if scale is None:
        scale = guess_scale([cells["rating"][0] for _, cells in numbered if cells["rating"]])
    tickets: dict[str, Ticket] = {}
    problems: list[str] = []
    same: Counter[str] = Counter()
    bodies = Counter(body_of(_first(cells["answer"])) for _, cells in numbered)
    canned = frozenset(body for body, count in bodies.items() if count >= _CANNED_FROM)
    for number, cells in numbered:
        try:
            ticket = _ticket(cells, path, mask, scale, same, canned)
        except DocumentError as error:
            problems.append(f"row {number}: {error}")
        else:
            tickets[ticket.ticket_id] = ticket
    if problems and not tickets:
        raise DocumentError(f"none of its rows can be read; {problems[0]}")
    return TicketFile(tuple(tickets.values()), columns, scale, tuple(problems))


def _head_of(told: Mapping[str, Sequence[str]]) -> NamesColumns:
    """What tells the row of the columns' names from a title above it."""

    def is_head(row: Sequence[Any]) -> bool:
        names = {str(cell or "") for cell in row}
        plain = set(map(plain_name, names))
        return all(
            names.issuperset(told[field]) if field in told else not plain.isdisjoint(_NAMES[field].split())
            for field in NEEDED
        )

    return is_head


def _read(path: Path, is_head: NamesColumns) -> tuple[list[str], list[tuple[int, Mapping[str, Any]]]]:
    """Names of the columns, and the rows by number."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DocumentError(
            f"'{suffix or path.name}' is no format of ticket histories; known are {', '.join(SUFFIXES)}"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise DocumentError("it is empty")
    if suffix == ".csv":
        return _table(csv_rows(decode(data), is_head), is_head)
    if suffix == ".xlsx":
        sheets = [rows for rows in xlsx_sheets(data).values() if any(map(any, rows))]
        if len(sheets) > 1:
            raise DocumentError("more than one of its sheets holds something; keep the one with the tickets")
        return _table(sheets[0] if sheets else [], is_head)
    objects = _objects(decode(data), suffix == ".jsonl", is_head)
    return list(dict.fromkeys(str(name) for _, row in objects for name in row)), objects


def _table(rows: Rows, is_head: NamesColumns) -> tuple[list[str], list[tuple[int, Mapping[str, Any]]]]:
    (_, head), *rest = without_empty(rows, is_head)
    names = [str(cell or "") for cell in head]
    return names, [(number, dict(zip(names, row, strict=False))) for number, row in rest]


def _objects(text: str, lines: bool, is_head: NamesColumns) -> list[tuple[int, Mapping[str, Any]]]:
    found = []
    if lines:
        for number, line in enumerate(text.splitlines(), 1):
            try:
                found += [(number, json.loads(line))] if line.strip() else []
            except ValueError as error:
                raise DocumentError(f"its line {number} is not JSON: {error}") from error
    else:
        found = list(enumerate(json_list(text, is_head), 1))
    for number, value in found:
        if not isinstance(value, dict):
            raise DocumentError(f"its value {number} is not an object with a question and an answer")
    return found


def _columns(names: Sequence[str], told: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Columns by field: as told, else by the first of the usual names that is there."""
    for field, wanted in told.items():
        if field not in _NAMES:
            raise DocumentError(f"'{field}' is no field of a ticket; the fields are {', '.join(FIELDS)}")
        for name in wanted:
            if name not in names:
                raise DocumentError(f"it has no column '{name}'; its columns are {', '.join(names)[:300]}")
    plain = {plain_name(name): name for name in reversed(names)}
    taken = {name for wanted in told.values() for name in wanted}
    columns = {}
    for field, usual in _NAMES.items():
        guessed = [plain[name] for name in usual.split() if name in plain and plain[name] not in taken]
        columns[field] = tuple(told.get(field, guessed if field == "personal" else guessed[:1]))
        taken.update(columns[field])
    missing = [field for field in NEEDED if not columns[field]]
    if missing:
        raise DocumentError(
            f"none of its columns ({', '.join(names)[:300]}) is known as {' or '.join(missing)}; "
            f"name it with {' '.join(f'--map {field}=COLUMN' for field in missing)}"
        )
    return columns


def _cells(row: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]]) -> dict[str, list[Any]]:
    """By field, the cells in which something stands."""
    return {field: [row[name] for name in names if row.get(name) not in (None, "")] for field, names in columns.items()}


def _ticket(
    cells: Mapping[str, Sequence[Any]],
    path: Path,
    mask: Mask,
    scale: Scale | None,
    same: Counter[str],
    canned: frozenset[str],
) -> Ticket:
    question, answer, ticket_id = (_first(cells[field]) for field in ("question", "answer", "id"))
    if not question or not answer:
        raise DocumentError(f"has no {'answer' if question else 'question'}")
    if len(question) > _LONGEST_QUESTION:
        raise DocumentError(f"its question has {len(question):,} letters, more than {_LONGEST_QUESTION:,}")
    asked_on = _day(cells["time"][0]) if cells["time"] else None
    rating = read_rating(cells["rating"][0], scale) if cells["rating"] else None
    if not ticket_id:
        # Without a number of its own a ticket is what it says; the same again in one file is another ticket.
        ticket_id = hashlib.sha256(f"{question}\x1f{answer}\x1f{asked_on}".encode()).hexdigest()[:16]
        same[ticket_id] += 1
        ticket_id += f"-{same[ticket_id]}" if same[ticket_id] > 1 else ""
    personal = [str(value) for value in cells["personal"]]
    known = [*personal, *(part for value in personal for part in value.split() if len(part) > 2)]
    body = body_of(answer)
    if body not in canned or any(value.casefold() in body.casefold() for value in known):
        body = mask(body, known)
    return Ticket(
        ticket_id=ticket_id,
        question=" ".join(mask(question, known).split()),
        answer=body,
        asked_on=asked_on,
        rating=rating,
        source=path.name,
    )


def _first(cells: Sequence[Any]) -> str:
    return str(cells[0]).strip() if cells else ""


def _day(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    from dateutil import parser  # type: ignore[import-untyped]

    text = str(cell).strip()
    try:
        if isinstance(cell, (int, float)) or (text.isdigit() and len(text) in (10, 13)):
            seconds = float(cell)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC).date()
        read = parser.isoparse(text) if text[:4].isdigit() else parser.parse(text, dayfirst="." in text)
        return date(read.year, read.month, read.day)
    except (ValueError, OverflowError, OSError) as error:
        raise DocumentError(f"its time '{text}' is not understood; write it as 2026-12-31") from error

"""The queue as a table for a spreadsheet, and what somebody filled in."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.nlu_tools.errors import BadSheet
from bot.nlu_tools.made_up import Vocabulary, doubtful, made_up
from bot.nlu_tools.queue import Candidate
from crm_models.errors import BadTable
from crm_models.export import Format, write_file
from crm_models.table_files import csv_form

COLUMNS = ("message_id", "text", "understood", "suggested", "why", "check", "accepted_intent")
_NEEDED = ("message_id", "text", "accepted_intent")
NEVER = ("x", "-")
# What a spreadsheet would run as a formula was kept from it by this.
_KEPT = re.compile(r"^'(?=[=+\-@\t\r])")


@dataclass(frozen=True)
class Row:
    """One filled row."""

    line: int
    message_id: int
    text: str
    check: str
    """Words that may be somebody's name and that nobody has cleared."""
    accepted: str


def write_sheet(path: Path, queue: Sequence[Candidate], vocabulary: Vocabulary) -> int:
    """Write the queue with an empty `accepted_intent`; returns the number of rows. Raises BadExport.

    `text` is what would be added to the examples: personal data is replaced already, and it may be edited. `check`
    names words that may be personal; whoever has looked empties the cell.
    """
    return write_file(path, Format.CSV, COLUMNS, (_cells(each, vocabulary) for each in queue))


def read_sheet(path: Path) -> list[Row]:
    """The rows in which an intent was filled in, as a spreadsheet of any country may have written them back.

    Raises:
        BadSheet: no such table; names the row.
    """
    try:
        form = csv_form(path)
        text = path.read_bytes().decode(form.encoding, "replace")
    except (BadTable, OSError) as error:
        raise BadSheet(f"The table cannot be read: {error}") from error
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=form.separator)
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise BadSheet(f"{path} has no column {' and no '.join(missing)}; `rapport nlu review --csv FILE` writes them.")
    return list(_rows(path, reader))


def _rows(path: Path, reader: csv.DictReader[str]) -> Iterator[Row]:
    for cells in reader:
        accepted = _KEPT.sub("", (cells["accepted_intent"] or "").strip())
        if not accepted:
            continue
        number = (cells["message_id"] or "").strip()
        if not number.isdigit():
            raise BadSheet(f"{path}, line {reader.line_num}: the message_id is {number!r}, which is no number.")
        text = _KEPT.sub("", (cells["text"] or "").strip())
        yield Row(reader.line_num, int(number), text, (cells.get("check") or "").strip(), accepted)


def _cells(candidate: Candidate, vocabulary: Vocabulary) -> tuple[object, ...]:
    message = candidate.message
    text = made_up(message.text, message.known, vocabulary)
    return (
        message.message_id,
        text,
        message.intent,
        ", ".join(candidate.suggested),
        "; ".join(candidate.reasons),
        ", ".join(doubtful(text, vocabulary)),
        "",
    )

"""Rows of tables (CSV, XLSX) and objects of JSON files, before it is known what their columns mean."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from zipfile import BadZipFile

from knowledge.errors import DocumentError
from knowledge.file_kinds import COMPOUND_FILE

_DELIMITERS = ",;\t|"

Rows = list[list[Any]]
NamesColumns = Callable[[list[Any]], bool]
"""Whether a row, or the keys of an object, are the names of the columns that are needed."""

# So far down the names of the columns may stand.
_HEAD = 10


def csv_rows(text: str, names_columns: NamesColumns) -> Rows:
    """All rows; the delimiter is the one with which a row at the head names columns. Raises DocumentError."""
    head = text.lstrip().split("\n", _HEAD)[:_HEAD]
    likely = sorted(_DELIMITERS, key=head[0].count, reverse=True)
    fitting = (each for each in likely if any(map(names_columns, csv.reader(head, delimiter=each))))
    rows: Rows = []
    reader = csv.reader(io.StringIO(text), delimiter=next(fitting, likely[0]), strict=True)
    begins = 1
    try:
        for row in reader:
            rows.append(row)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DocumentError(
            f"it is not CSV: the row that begins in line {begins} cannot be read ({error}); "
            "put each cell with a quotation mark in quotation marks, and write the mark twice"
        ) from error
    return rows


def xlsx_sheets(data: bytes) -> dict[str, Rows]:
    """The rows of each sheet by its title. Raises DocumentError."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    if data.startswith(COMPOUND_FILE):
        raise DocumentError("it is encrypted, or of an old format; save it as XLSX without a password")
    try:
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return {sheet.title: list(map(list, sheet.iter_rows(values_only=True))) for sheet in workbook.worksheets}
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentError(
            f"it is not a readable XLSX file: {error}; open it in a spreadsheet program and save it again"
        ) from error


def json_list(text: str, names_columns: NamesColumns) -> list[Any]:
    """The objects of a JSON list, also of one that stands alone in objects around it; a lone object that has the
    columns is a list of one. Raises DocumentError.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise DocumentError("its lists and objects are nested too deep; write one list of objects") from error
    except ValueError as error:
        hint = "put its objects into one list, [...]" if "Extra data" in str(error) else "put that right"
        raise DocumentError(f"it is not JSON: {error}; {hint}") from error
    while isinstance(value, dict):
        if names_columns(list(value)):
            return [value]
        inner = [each for each in value.values() if isinstance(each, dict | list)]
        if len(inner) != 1:
            break
        value = inner[0]
    if isinstance(value, list):
        return value
    what = f"an object with {_names(list(value))}" if isinstance(value, dict) else f"only {json.dumps(value)[:60]}"
    raise DocumentError(
        f"it is {what}, not a list of objects with 'question' and 'answer', or 'title' and 'body'; write it as one"
    )


def _names(keys: list[Any]) -> str:
    return (", ".join(f"'{key}'" for key in keys[:3]) + (", ..." if len(keys) > 3 else ""))[:200] or "nothing in it"


def plain_name(name: Any) -> str:
    """A column's name as it is compared: "Gültig ab" is gueltig_ab."""
    text = str(name or "").strip().lower().replace("ü", "ue").replace("ä", "ae")
    return "_".join(text.split()).replace("-", "_")


def without_empty(rows: Rows, names_columns: NamesColumns) -> list[tuple[int, list[Any]]]:
    """The rows in which something stands, with their number from 1; the first names the columns.

    What stands above the row that does, such as a title, is left out. Raises DocumentError where there is no row.
    """
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(cell not in (None, "") for cell in row)]
    if not numbered:
        raise DocumentError("it is empty")
    above = next((place for place, (_, row) in enumerate(numbered[:_HEAD]) if names_columns(row)), 0)
    return numbered[above:]

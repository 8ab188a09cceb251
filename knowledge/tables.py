"""Rows of tables (CSV, XLSX) and objects of JSON files, before it is known what their columns mean."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from zipfile import BadZipFile

from knowledge.errors import DocumentError

_DELIMITERS = ",;\t|"

Rows = list[list[Any]]


def csv_rows(text: str) -> Rows:
    """All rows; the delimiter is found out from the first. Raises DocumentError."""
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        return list(csv.reader(io.StringIO(text.lstrip()), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DocumentError(f"it is not CSV: {error}") from error


def xlsx_sheets(data: bytes) -> dict[str, Rows]:
    """The rows of each sheet by its title. Raises DocumentError."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("it is encrypted, or of an old format; save it as XLSX without a password")
    try:
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return {sheet.title: list(map(list, sheet.iter_rows(values_only=True))) for sheet in workbook.worksheets}
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as error:
        raise DocumentError(f"it is not a readable XLSX file: {error}") from error


def json_list(text: str) -> list[Any]:
    """The values of a JSON list. Raises DocumentError."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise DocumentError(f"it is not JSON: {error}; put that right") from error
    if not isinstance(values, list):
        raise DocumentError("it is not a list of objects with 'question' and 'answer', or 'title' and 'body'")
    return values


def plain_name(name: Any) -> str:
    """A column's name as it is compared: "Gültig ab" is gueltig_ab."""
    text = str(name or "").strip().lower().replace("ü", "ue").replace("ä", "ae")
    return "_".join(text.split()).replace("-", "_")


def without_empty(rows: Rows) -> list[tuple[int, list[Any]]]:
    """The rows in which something stands, with their number from 1; the first names the columns.

    Raises DocumentError where there is none.
    """
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(cell not in (None, "") for cell in row)]
    if not numbered:
        raise DocumentError("it is empty")
    return numbered

"""How a CSV file is written: what parts its columns, its encoding, and commas in its decimals."""

from __future__ import annotations

import codecs
import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",;\t|"
_READ_AT_ONCE = 1 << 20  # bytes
_DECIMAL_COMMA = re.compile(r"-?\d+(,\d+)?")


@dataclass(frozen=True)
class CsvForm:
    separator: str
    encoding: str


def csv_form(path: Path) -> CsvForm:
    """Of a file, packed by gzip or not: the separator its first line has most of, and UTF-8 or what spreadsheets of
    western Europe write, where every byte has a meaning.

    Raises:
        OSError: the file cannot be read.
    """
    decoder, encoding = codecs.getincrementaldecoder("utf-8-sig")(), "utf-8-sig"
    with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
        head = file.readline().decode("latin-1")
        file.seek(0)
        try:
            while part := file.read(_READ_AT_ONCE):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            encoding = "cp1252"
    return CsvForm(max(_SEPARATORS, key=head.count), encoding)


def read_decimal_commas(table: pd.DataFrame) -> pd.DataFrame:
    """Columns of texts such as `12,5`, all of them and at least one with a comma, as numbers."""
    import pandas as pd

    for name in table.columns:
        column = table[name]
        if column.dtype != object or not column.notna().any():
            continue
        texts = {row: str(value).strip() for row, value in column.dropna().items()}
        if all(map(_DECIMAL_COMMA.fullmatch, texts.values())) and any("," in text for text in texts.values()):
            numbers = {row: float(text.replace(",", ".")) for row, text in texts.items()}
            table[name] = pd.Series(numbers, dtype="float64").reindex(table.index)
    return table

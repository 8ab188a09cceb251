"""Tables in files, CSV or Parquet: what a file is, how a CSV is written, and its rows.

Every command that takes a table reads it here. What cannot be read is refused in one sentence with the remedy.
"""

from __future__ import annotations

import codecs
import gzip
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_models.errors import BadTable

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",;\t|"
_LONGEST, _SHOWN = 40, 20  # letters of a name in a message, and names
_READ_AT_ONCE = 1 << 20  # bytes
# Numbers as people write them: thousands in groups, a unit before or after.
_UNIT = re.compile(r"(?<![^-+])([€$£¥]|EUR|USD|GBP|CHF)\s*(?=[-+\d])|(?<=\d)\s*([€$£¥%]|EUR|USD|GBP|CHF)$")
_GROUPS = re.compile(r"(?<=\d)[\s'\u2019](?=\d{3}(?!\d))")  # 1 234, also with a blank that does not break, and 1'234
_DECIMAL_COMMA = re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][-+]?\d+)?")
_DECIMAL_POINT = re.compile(r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][-+]?\d+)?")
_NUMBERS = 0.95  # share of a column's texts that are such numbers, from which on the others are mistakes
_PLAIN = re.compile(r"[-+]?[\d.]+")
_LOOKED_AT = 1_000  # values of a column, to tell words from numbers
NO_PARQUET = "is no Parquet file that can be read; write it again, or save the table as CSV"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What a file begins with that is no text, whatever its name says.
_OTHER_KINDS = {
    b"PK\x03\x04": "is a spreadsheet (XLSX) or another packed file, not CSV; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet of an old format, not CSV; save the sheet as CSV",
    b"PAR1": "is Parquet, not CSV; let its name end in .parquet",
    b"\x1f\x8b": "is packed by gzip; let its name end in .csv.gz",
    b"%PDF": "is a PDF, not CSV; name the table it was made from",
}


@dataclass(frozen=True)
class CsvForm:
    """How a CSV is written."""

    separator: str
    encoding: str

    @property
    def plain(self) -> bool:
        """As programs write it, not spreadsheets."""
        return self == CsvForm(",", "utf-8-sig")


def check_file(path: Path) -> None:
    """Raises BadTable unless there is a file in which something stands, and that may be read."""
    if path.is_dir():
        raise BadTable(f"{path} is a folder; name the file in it that holds the table.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise BadTable(f"There is no file {path}, so it cannot be read; check the name.") from error
    except PermissionError as error:
        raise BadTable(f"{path} cannot be read by this user; allow it, or name a copy.") from error
    except OSError as error:
        raise BadTable(f"{path} cannot be read: {error.strerror or error}; name another file.") from error
    if empty:
        raise BadTable(f"{path} is empty; it needs a line with the names of its columns, and rows.")


def csv_form(path: Path) -> CsvForm:
    """Of a file, packed by gzip or not: the separator its first line has most of, and UTF-8, UTF-16 with its mark, or
    what spreadsheets of western Europe write, where every byte has a meaning.

    Raises:
        BadTable: there is no such file, or it is no text.
    """
    check_file(path)
    try:
        with _opened(path) as file:
            head = file.readline()
            if not head:
                raise BadTable(f"{path} is empty; it needs a line with the names of its columns, and rows.")
            encoding = _encoding(path, file, head)
    except (OSError, EOFError, zlib.error) as error:
        raise BadTable(f"{path} cannot be unpacked: {error}. Pack it again with gzip, or unpack it.") from error
    first = head.decode("utf-16" if encoding == "utf-16" else "latin-1", "replace")
    return CsvForm(max(_SEPARATORS, key=first.count), encoding)


def read_csv(path: Path, **how: Any) -> pd.DataFrame:
    """The rows, columns named as in the file without blanks around; `how` goes to pandas.

    Raises:
        BadTable: it is no table of lines with as many values as the first has names, or two columns have one name.
    """
    import pandas as pd

    form = csv_form(path)
    every: dict[str, Any] = {"sep": form.separator, "encoding": form.encoding, "index_col": False}
    if form.encoding != "utf-16":
        every["encoding_errors"] = "replace"
    try:
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **every).iloc[0]
        names = [str(name).strip().lstrip("\ufeff") for name in header]
        refuse_names_twice(path, [name for name in names if name])
        names = [name or f"column {place}" for place, name in enumerate(names, 1)]
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table: pd.DataFrame = pd.read_csv(path, header=0, names=names, **{**every, **how})
    except pd.errors.EmptyDataError as error:
        raise BadTable(f"{path} is empty; it needs a line with the names of its columns, and rows.") from error
    except pd.errors.ParserWarning as error:
        raise BadTable(
            f"{path} has lines with more values than its first line has names; put values with a {form.separator!r} "
            "in them into quotation marks, or name all columns."
        ) from error
    except (pd.errors.ParserError, UnicodeError) as error:
        said = str(error).strip().splitlines()[-1].removeprefix("Error tokenizing data. C error: ")
        raise BadTable(f"{path} cannot be read as CSV: {said}. Put that line right.") from error
    unnamed = [name for name, said in zip(names, header, strict=True) if not str(said).strip()]
    table = table.drop(columns=[name for name in unnamed if table[name].isna().all()])
    dtypes = how.get("dtype")
    texts = dtypes.keys() if isinstance(dtypes, dict) else ()
    return read_written_numbers(table, commas=not form.plain, texts=texts)


def read_parquet(path: Path) -> pd.DataFrame:
    """Raises BadTable: there is no such file, or it is no Parquet."""
    import pandas as pd

    check_file(path)
    try:
        read = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise BadTable(f"{path} {NO_PARQUET}: {str(error).strip().splitlines()[0].rstrip('.')}.") from error
    read.columns = [str(name) for name in read.columns]
    refuse_names_twice(path, list(read.columns))
    return read


def refuse_names_twice(path: Path | str, names: list[str]) -> None:
    """Raises BadTable where two columns have the same name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadTable(f"{path} has more than one column named {shown_names(twice)}; rename them.")


def shown_names(names: Iterable[object]) -> str:
    """Names of columns as a message tells them: some, and none at length."""
    told = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..." for name in map(str, names)]
    return ", ".join(told[:_SHOWN]) + (f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")


def read_written_numbers(table: pd.DataFrame, commas: bool, texts: Collection[str] = ()) -> pd.DataFrame:
    """Columns of texts such as `12,5`, `1.234,50`, `1 234,50 €`, `$1,234.50` or `12 %`, nearly all of them, as numbers.

    What is no number stays as it is written, to be told with its row.

    Args:
        commas: whether `1,234` is rather 1.234 than 1234.
        texts: columns to be left alone, such as ids.
    """
    import pandas as pd

    forms = (_comma_number, _point_number) if commas else (_point_number, _comma_number)
    for name in table.columns:
        column = table[name]
        if column.dtype != object or name in texts:
            continue
        said = {row: value.strip() for row, value in column.dropna().items() if isinstance(value, str)}
        said = {row: text for row, text in said.items() if text}
        for form in forms:
            first = list(said.values())[:_LOOKED_AT]
            if sum(form(text) is not None for text in first) < len(first) / 2:
                continue  # words: there is no need to look at every row
            read = {row: number for row, text in said.items() if (number := form(text)) is not None}
            marked = any(not _PLAIN.fullmatch(said[row]) for row in read)  # else `1.234` may as well be a bit over 1
            if marked and len(read) >= _NUMBERS * len(said):
                whole = len(read) == len(said)
                found = {**({} if whole else said), **read}
                table[name] = pd.Series(found, dtype="float64" if whole else "object").reindex(table.index)
                break
    return table


def _comma_number(text: str) -> float | None:
    bare = _bare(text)
    return float(bare.replace(".", "").replace(",", ".")) if _DECIMAL_COMMA.fullmatch(bare) else None


def _point_number(text: str) -> float | None:
    bare = _bare(text)
    return float(bare.replace(",", "")) if _DECIMAL_POINT.fullmatch(bare) else None


def _bare(text: str) -> str:
    """Without unit, and without blanks between thousands; `030 123` is no number but somebody's."""
    bare = _UNIT.sub("", text).strip()
    return bare if bare.startswith("0") and not bare.startswith(("0,", "0.")) else _GROUPS.sub("", bare)


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _encoding(path: Path, file: gzip.GzipFile | BufferedReader, head: bytes) -> str:
    for start, said in _OTHER_KINDS.items():
        if head.startswith(start):
            raise BadTable(f"{path} {said}.")
    if head.startswith(_UTF_16):
        return "utf-16"
    decoder, encoding = codecs.getincrementaldecoder("utf-8-sig")(), "utf-8-sig"
    file.seek(0)
    while part := file.read(_READ_AT_ONCE):
        if b"\0" in part:
            raise BadTable(f"{path} is no text, so it is no CSV; save the table as CSV or Parquet.")
        last = len(part) < _READ_AT_ONCE
        try:
            if encoding != "cp1252":
                decoder.decode(part, final=last)
        except UnicodeDecodeError:
            encoding = "cp1252"
    return encoding

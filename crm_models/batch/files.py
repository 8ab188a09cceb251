"""Tables of features and of scores in files: CSV or Parquet, read in chunks, written aside and then put in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from crm_models.batch.chunk import COLUMNS, ID
from crm_models.errors import BadTable
from crm_models.table_files import NO_PARQUET, check_file, csv_form, read_csv, refuse_names_twice, shown_names

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class FeatureFile:
    """Features of customers, a row each, in a Parquet file."""

    path: Path
    columns: tuple[str, ...]
    rows: int
    id_column: str = ID

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """The rows in their order, so many at a time, index `customer_id`."""
        from pyarrow import parquet  # type: ignore[import-untyped]

        for batch in parquet.ParquetFile(self.path).iter_batches(batch_size=rows):
            yield indexed(batch.to_pandas(), self.id_column)


def indexed(frame: pd.DataFrame, id_column: str) -> pd.DataFrame:
    """With the customer's id, a text, as its index."""
    ids = pd.Index(frame[id_column].astype(str), name=ID)
    return frame.drop(columns=id_column).set_index(ids)


def open_features(path: Path, id_column: str, aside: Path) -> FeatureFile:
    """Look at a file without reading its values; CSV is made Parquet below `aside` first.

    Raises:
        BadTable: the file cannot be read, or lacks the column of the ids.
    """
    from pyarrow import ArrowException, parquet

    given = path
    if not path.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
        raise BadTable(f"{path} is neither .csv (or .csv.gz) nor .parquet; save the table as one of these.")
    check_file(path)
    if path.suffix.lower() != ".parquet":
        path = _as_parquet(path, id_column, aside)
    try:
        schema, rows = parquet.read_schema(path), parquet.read_metadata(path).num_rows
    except (OSError, ArrowException) as error:
        raise BadTable(f"{given} {NO_PARQUET}: {str(error).splitlines()[0].rstrip('.')}.") from error
    if id_column not in schema.names:
        raise BadTable(
            f"{given} has no column {id_column!r} with the customers' ids among {shown_names(schema.names)}; name it "
            "with --id."
        )
    if not rows:
        raise BadTable(f"{given} holds no rows below the names of its columns.")
    _check_ids(given, parquet.read_table(path, columns=[id_column]).column(0), id_column)
    return FeatureFile(path, tuple(schema.names), rows, id_column)


def _as_parquet(path: Path, id_column: str, aside: Path) -> Path:
    """A large file as programs write it is read by Arrow, which is fast; what a spreadsheet wrote as it needs it."""
    import pyarrow
    from pyarrow import csv, parquet

    made = aside / f"{path.name}.parquet"
    if csv_form(path).plain:
        try:
            told = csv.ConvertOptions(column_types={id_column: pyarrow.string()})
            table = csv.read_csv(path, convert_options=told)
            refuse_names_twice(path, [name.strip() for name in table.column_names])
            parquet.write_table(table.rename_columns([name.strip() for name in table.column_names]), made)
            return made
        except pyarrow.ArrowException:
            pass  # the other reader reads it, or says what is wrong
    table = read_csv(path, low_memory=False, dtype={id_column: str})
    for name in table.columns:
        if table[name].dtype == object:  # numbers among which a text stands: the model says which
            table[name] = table[name].map(str, na_action="ignore")
    table.to_parquet(made, index=False)
    return made


def _check_ids(path: Path, ids: Any, name: str) -> None:
    import pyarrow
    from pyarrow import compute

    texts = compute.utf8_trim_whitespace(compute.cast(ids, pyarrow.string()))
    empty = ids.null_count + (compute.sum(compute.equal(texts, "")).as_py() or 0)
    if empty:
        raise BadTable(f"{path} has {empty:,} rows without an id in the column {name}; fill it in.")
    if compute.count_distinct(texts).as_py() < len(texts):
        counts = compute.value_counts(texts)
        twice = counts.filter(compute.greater(counts.field("counts"), 1))
        raise BadTable(
            f"{path} has more than one row for {len(twice):,} ids in the column {name}, such as "
            f"{twice[0]['values'].as_py()!r}; leave one row of each customer."
        )


def write_features(path: Path, table: pd.DataFrame) -> FeatureFile:
    """A table with the index `customer_id`, as a file."""
    table.rename_axis(ID).reset_index().to_parquet(path, index=False)
    return FeatureFile(path, (ID, *table.columns), len(table))


def check_suffix(path: Path) -> None:
    """Raises BadTable for a file of scores that is neither CSV nor Parquet by its name, or where none can be."""
    if path.is_dir():
        raise BadTable(f"{path} is a folder; name a file for the scores.")
    if path.suffix not in SUFFIXES:
        raise BadTable(f"{path} is neither .csv nor .parquet; name the file for the scores so.")
    there = next(folder for folder in path.resolve().parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise BadTable(f"{path} cannot be written: {there} is no folder to write in. Name another file.")


@contextmanager
def writing_scores(path: Path, scored_at: datetime) -> Iterator[ScoreWriter]:
    """A file of scores that takes its place when all of them are written.

    Raises:
        BadTable: it cannot be written there.
    """
    check_suffix(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise BadTable(f"{path} cannot be written: {error.strerror or error}. Name another file.") from error
    writer = ScoreWriter(aside / path.name, scored_at)
    try:
        yield writer
        writer.close()
        (aside / path.name).replace(path)
    finally:
        writer.close()
        shutil.rmtree(aside, ignore_errors=True)


class ScoreWriter:
    """Appends chunks of scores to a file."""

    def __init__(self, path: Path, scored_at: datetime) -> None:
        import pyarrow
        from pyarrow import csv, parquet

        kinds: dict[str, Any] = {"value": pyarrow.float64()}
        fields = [(name, kinds.get(name, pyarrow.string())) for name in COLUMNS]
        self.schema = pyarrow.schema([*fields, ("scored_at", pyarrow.timestamp("us"))])
        make = csv.CSVWriter if path.suffix == ".csv" else parquet.ParquetWriter
        self._writer: Any = make(path, self.schema)
        self._scored_at = scored_at

    def write(self, scores: pd.DataFrame) -> None:
        import pyarrow

        frame = scores.assign(scored_at=self._scored_at)
        self._writer.write_table(pyarrow.Table.from_pandas(frame, schema=self.schema, preserve_index=False))

    def close(self) -> None:
        """The file is whole after that; closing again does nothing."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

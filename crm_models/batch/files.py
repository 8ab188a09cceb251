"""Tables of features and of scores in files: CSV or Parquet, read in chunks, written aside and then put in place."""

from __future__ import annotations

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
    import pyarrow
    from pyarrow import csv, parquet

    try:
        if path.suffix == ".csv":
            table = csv.read_csv(path, convert_options=csv.ConvertOptions(column_types={id_column: pyarrow.string()}))
            path = aside / f"{path.stem}.parquet"
            parquet.write_table(table, path)
        elif path.suffix != ".parquet":
            raise BadTable(f"{path} is neither .csv nor .parquet.")
        schema, rows = parquet.read_schema(path), parquet.read_metadata(path).num_rows
    except (OSError, pyarrow.ArrowException) as error:
        raise BadTable(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    if id_column not in schema.names:
        raise BadTable(f"{path} has no column {id_column!r} with the customers' ids; name it with --id.")
    return FeatureFile(path, tuple(schema.names), rows, id_column)


def write_features(path: Path, table: pd.DataFrame) -> FeatureFile:
    """A table with the index `customer_id`, as a file."""
    table.rename_axis(ID).reset_index().to_parquet(path, index=False)
    return FeatureFile(path, (ID, *table.columns), len(table))


def check_suffix(path: Path) -> None:
    """Raises BadTable for a file of scores that is neither CSV nor Parquet by its name."""
    if path.suffix not in SUFFIXES:
        raise BadTable(f"{path} is neither .csv nor .parquet; name the file for the scores so.")


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

"""Scores on Apache Spark: the same function on the same chunks, spread over a cluster, or over this machine's cores.

pyspark is an extra (`pip install rapport[spark]`) and needs Java 17 or later.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from crm_models.batch.chunk import COLUMNS, ROWS, Loadable, load_models, score_chunk
from crm_models.batch.files import FeatureFile, indexed
from crm_models.errors import SparkMissing
from crm_models.model import CustomerModel

LOCAL = "local[*]"
_SCHEMA = ", ".join(f"{name} {'double' if name == 'value' else 'string'}" for name in COLUMNS)

# A kind of model, and the content of its version's files: workers may not see this machine's disk.
_Packed = tuple[type[CustomerModel], tuple[tuple[str, bytes], ...]]


def score_on_spark(found: tuple[Loadable, ...], source: FeatureFile, master: str = LOCAL) -> Iterator[pd.DataFrame]:
    """Scores of the file's customers, in chunks of no certain order.

    Args:
        found: the models, each with the folder of its version; sent to the workers.
        source: the file, where the workers can read it.
        master: the cluster's address, as Spark writes it.

    Raises:
        SparkMissing: pyspark or Java is not there.
    """
    session = _session(master)
    packed = tuple((kind, _files(folder)) for kind, folder in found)
    id_column = source.id_column

    def score(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        models = _unpacked(packed)
        for frame in frames:
            yield score_chunk(models, indexed(frame, id_column))

    with tempfile.TemporaryDirectory(prefix="rapport-spark-") as folder:
        scores = session.read.parquet(str(source.path.resolve())).mapInPandas(score, _SCHEMA)
        scores.write.mode("overwrite").parquet(f"{folder}/scores")
        yield from _read_parts(Path(folder) / "scores")


def _read_parts(folder: Path) -> Iterator[pd.DataFrame]:
    from pyarrow import parquet  # type: ignore[import-untyped]

    for part in sorted(folder.glob("*.parquet")):
        for batch in parquet.ParquetFile(part).iter_batches(batch_size=ROWS):
            yield batch.to_pandas()


def _session(master: str) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkMissing(
            "Spark is not installed. `pip install 'rapport[spark]'` brings it, or leave out --engine spark."
        ) from error
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise SparkMissing("Spark needs Java 17 or later, and there is none on the PATH and no JAVA_HOME.")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    try:
        session = (
            SparkSession.builder.master(master)
            .appName("rapport models score")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", ROWS)
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.log.level", "ERROR")
            .config("spark.sql.files.maxPartitionBytes", 16 * 1024 * 1024)
            .getOrCreate()
        )
    except Exception as error:  # whatever the Java side says
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise SparkMissing(f"Spark does not start on {master}: {first}. It needs Java 17 or later.") from error
    return session


def _files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file())


@lru_cache(maxsize=2)
def _unpacked(packed: tuple[_Packed, ...]) -> tuple[CustomerModel, ...]:
    """The models, written to a folder of the worker's own and read there once."""
    with tempfile.TemporaryDirectory(prefix="rapport-models-") as aside:
        found = []
        for kind, files in packed:
            folder = Path(aside) / kind.name
            folder.mkdir()
            for name, content in files:
                (folder / name).write_bytes(content)
            found.append((kind, folder))
        return load_models(tuple(found))

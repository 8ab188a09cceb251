"""Scores on one machine: chunks of a file, a process for each core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

import pandas as pd

from crm_models.batch.chunk import ROWS, Loadable, load_models, score_chunk
from crm_models.batch.files import FeatureFile


def score_file(
    found: tuple[Loadable, ...], source: FeatureFile, workers: int | None = None, rows: int = ROWS
) -> Iterator[pd.DataFrame]:
    """Scores of the file's customers, a chunk after the other, in its order.

    Args:
        found: the models, each with the folder of its version.
        workers: processes; as many as there are cores unless said, and none besides this one for a single chunk.
        rows: of a chunk.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), -(-source.rows // rows))
    rest = source.chunks(rows)
    if workers <= 1:
        yield from (_score(found, chunk) for chunk in rest)
        return
    # A new interpreter each: libraries with threads of their own do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        # a few chunks ahead, so that scores do not pile up before the writer
        waiting: list[Future[pd.DataFrame]] = [pool.submit(_score, found, chunk) for chunk in islice(rest, workers + 1)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_score, found, chunk) for chunk in islice(rest, 1)]


def _score(found: tuple[Loadable, ...], chunk: pd.DataFrame) -> pd.DataFrame:
    return score_chunk(load_models(found), chunk)

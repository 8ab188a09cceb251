"""The customer models as a whole: training all of them, one customer's scores, a million customers, and Spark.

Models are trained on the demo generator's shop. The many customers are rows of its features drawn again, with new ids;
they are read from and written to Parquet files.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.engine import Engine

from benchmarks.report import Report, Row, at_most
from crm_models.batch.chunk import ID, Loadable, load_models
from crm_models.batch.files import FeatureFile, write_features, writing_scores
from crm_models.batch.local import score_file
from crm_models.batch.spark import score_on_spark
from crm_models.database import create_engine, migrate
from crm_models.errors import SparkMissing
from crm_models.scoring import ScoreFile, models_in_use
from crm_models.snapshot import ShopSnapshot
from crm_models.train import train_all
from demo.seed import DEFAULT_UNTIL, seed_shop

SEED = 7
ONE = ("churn", "stage", "value")  # what a conversation may ask for
MANY = (*ONE, "segment")
_CALLS = 200  # of one customer
_CLOSE = 1e-9  # relative; the order of additions may differ between chunks


def run(data: Path | None, quick: bool) -> Report:
    """`data` is not used: the shop is generated."""
    people, million, spark_rows = (250, 20_000, 2_000) if quick else (2_000, 1_000_000, 100_000)
    now = datetime.combine(DEFAULT_UNTIL, datetime.min.time())
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        home = Path(folder)
        engine = _shop(home, people)
        rows, notes = _training(engine, home / "crm", now, people)
        found = tuple(each for name in MANY for each in models_in_use(home / "crm", name))
        features = features_of(found, ShopSnapshot(engine, now))
        engine.dispose()
        rows += _one_customer(found, features)
        many = write_features(home / "many.parquet", drawn_again(features, million))
        rows.append(_many(found, many, home / "scores.parquet"))
        some = write_features(home / "some.parquet", drawn_again(features, spark_rows))
        rows += _spark(found, some)
    return Report("scoring", rows, {"shop and resampling": SEED}, [*notes, *_NOTES])


_NOTES = (
    "one customer: the mean over calls of different customers, features at hand; the time to read them is not in it",
    "many customers: from a Parquet file of features to a Parquet file of scores with reasons and details",
    f"Spark differs: a label, reason or detail that is not the same, or a value that is off by more than {_CLOSE:g}",
)


def features_of(found: Sequence[Loadable], shop: ShopSnapshot) -> pd.DataFrame:
    """One table with the columns of all these models, of the customers with an order."""
    table = shop.features
    for kind, version in found:
        own = kind.load(version).table_of(shop)
        table = table.join(own[own.columns.difference(table.columns)])
    return table


def drawn_again(features: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Rows of the table at random, with ids of their own."""
    many = features.sample(rows, replace=True, random_state=SEED)
    return many.set_axis(pd.Index([f"C-{number:07d}" for number in range(rows)], name=ID), axis="index")


def _shop(home: Path, people: int) -> Engine:
    engine = create_engine(f"sqlite:///{home / 'rapport.db'}")
    migrate(engine)
    seed_shop(engine, customers=people)
    return engine


def _training(engine: Engine, folder: Path, now: datetime, people: int) -> tuple[list[Row], list[str]]:
    """Seconds for all models, and of which model how many."""
    started: dict[str, float] = {}
    began = time.perf_counter()

    def note_start(step: str, done: int, total: int) -> None:
        started.setdefault(step, time.perf_counter())

    report = train_all(engine, folder, now, SEED, note_start)
    ended = time.perf_counter()
    names = [result.model for result in report.results]
    starts = [started[name] for name in names]
    ends = [*starts[1:], ended]
    told = ", ".join(f"{name} {end - start:.1f} s" for name, start, end in zip(names, starts, ends, strict=True))
    row = Row(f"training all models, {people:,} customers", ended - began, "s", at_most(90))
    missing = [f"{result.model} is not trained: {result.why}" for result in report.results if not result.version]
    return [row], [f"training: {told}", *missing]


def _one_customer(found: tuple[Loadable, ...], features: pd.DataFrame) -> list[Row]:
    models = [model for model in load_models(found) if model.name in ONE]
    customers = [features.iloc[[number % len(features)]] for number in range(_CALLS)]

    def milliseconds(explained: bool) -> float:
        for model in models:  # warm
            model.explain(customers[0])
        began = time.perf_counter()
        for customer in customers:
            for model in models:
                model.predict(customer)
                if explained:
                    model.label(customer), model.details(customer), model.explain(customer)
        return (time.perf_counter() - began) / len(customers) * 1000

    name = "score one customer, warm (churn, stage, value)"
    return [
        Row(name, milliseconds(False), "ms", at_most(5)),
        Row(f"{name}, with labels, reasons and details", milliseconds(True), "ms"),
    ]


def _many(found: tuple[Loadable, ...], source: FeatureFile, output: Path) -> Row:
    began = time.perf_counter()
    with writing_scores(output, datetime(2026, 1, 1)) as writer:
        for frame in score_file(found, source):
            writer.write(frame)
    names = ", ".join(kind.name for kind, _ in found)
    return Row(f"{source.rows:,} customers scored ({names})", time.perf_counter() - began, "s", at_most(180))


def _spark(found: tuple[Loadable, ...], source: FeatureFile) -> list[Row]:
    here, seconds = _timed(score_file, found, source)
    name = f"{source.rows:,} customers scored, pandas beside Spark on this machine"
    differ = f"customers of {source.rows:,} whose scores differ on Spark"
    try:
        there, spark_seconds = _timed(partial(score_on_spark), found, source)
    except SparkMissing:
        return [Row(name, seconds, "s", peers={"Spark": None}), Row(differ, None, "", at_most(0))]
    return [
        Row(name, seconds, "s", peers={"Spark": spark_seconds}),
        Row(differ, float(differing(here, there)), "", at_most(0)),
    ]


def _timed(score: ScoreFile, found: tuple[Loadable, ...], source: FeatureFile) -> tuple[pd.DataFrame, float]:
    began = time.perf_counter()
    frames: Iterator[pd.DataFrame] = score(found, source)
    scores = pd.concat(list(frames))
    return scores.sort_values([ID, "model"], ignore_index=True), time.perf_counter() - began


def differing(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """How many customers have another score, label, reason or detail, or are missing; both sorted."""
    if not one[[ID, "model"]].equals(other[[ID, "model"]]):
        return max(one[ID].nunique(), other[ID].nunique())
    words = ["label", "reasons", "details", "model_version"]
    same = (one[words].fillna("") == other[words].fillna("")).all(axis=1)
    same &= np.isclose(one["value"], other["value"], rtol=_CLOSE, atol=0.0)
    return int(one.loc[~same, ID].nunique())

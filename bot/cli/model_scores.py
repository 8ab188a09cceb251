"""Scores of the shop's customers, or of a table in a file, by pandas or by Spark."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from bot.cli.config import Config
from bot.cli.customer_training import score_customers
from bot.cli.display import step
from bot.cli.errors import BadScoring
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.batch.chunk import check_columns, load_models
from crm_models.batch.files import open_features, writing_scores
from crm_models.batch.local import score_file
from crm_models.batch.spark import score_on_spark
from crm_models.scoring import ScoreFile, models_in_use

_ENGINES = ("pandas", "spark")


def score(
    config: Config, name: str | None, table: Path | None, id_column: str, output: Path | None, engine: str
) -> None:
    if engine not in _ENGINES:
        raise BadScoring(f"There is no engine {engine!r}; choose one of {', '.join(_ENGINES)}.")
    score = score_file if engine == "pandas" else partial(score_on_spark, master=config.crm.spark_master)
    if table is None:
        if output is not None or name is not None:
            raise BadScoring(
                "The shop's scores, of all models, go to its database; give --table for a file or one model."
            )
        score_customers(config, open_database(config), score)
    elif output is None:
        raise BadScoring(f"Say with --output where the scores of {table} shall be written.")
    else:
        _score_table(config, name, table, id_column, output, score)


def _score_table(config: Config, name: str | None, table: Path, id_column: str, output: Path, score: ScoreFile) -> None:
    found = models_in_use(config.crm.models_folder, name)
    if not found:
        raise BadScoring("No customer model is trained; `rapport models train` trains them.")
    with (
        step(f"Scoring {table}") as running,
        tempfile.TemporaryDirectory(prefix="rapport-features-") as aside,
    ):
        source = open_features(table, id_column, Path(aside))
        check_columns(load_models(found), source.columns)
        written = 0
        with writing_scores(output, utc_now()) as writer:
            for frame in score(found, source):
                writer.write(frame)
                written += len(frame)
                running.count(written, source.rows * len(found))
        models = ", ".join(kind.name for kind, _ in found)
        running.result = f"{source.rows:,} customers by {models}, in {output}"

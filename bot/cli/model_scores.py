"""Scores of the shop's customers, or of a table in a file, by pandas or by Spark."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from pandas import DataFrame

from bot.cli.config import Config
from bot.cli.customer_training import score_customers
from bot.cli.display import note, step
from bot.cli.errors import BadScoring
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.batch.chunk import ID, ROWS, Loadable, check_columns, load_models, score_chunk
from crm_models.batch.files import FeatureFile, check_suffix, open_features, writing_scores
from crm_models.batch.local import score_file
from crm_models.batch.spark import score_on_spark
from crm_models.model import CustomerModel
from crm_models.scoring import ScoreFile, models_in_use
from crm_models.table_training import PREFIX, TableOptions, load_table_model, table_to_score
from crm_models.user_tables import PurchaseTable

_ENGINES = ("pandas", "spark")


def score(
    config: Config,
    name: str | None,
    table: Path | None,
    id_column: str | None,
    purchases: tuple[str, str, str],
    output: Path | None,
    engine: str,
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
        return
    if output is None:
        raise BadScoring(f"Say with --output where the scores of {table} shall be written.")
    check_output(output, table)
    if name is not None and name.startswith(PREFIX):
        options = TableOptions(id_column=id_column, purchases=PurchaseTable(*purchases))
        _score_own(config, name.removeprefix(PREFIX), table, options, output)
    else:
        _score_table(config, name, table, id_column or ID, output, score)


def _fitting(found: tuple[Loadable, ...], source: FeatureFile, named: bool) -> tuple[Loadable, ...]:
    """The models whose columns the table has; all of them must be there for a model that was named."""
    models = load_models(found)
    fitting = tuple(
        each for each, model in zip(found, models, strict=True) if set(model.columns) <= set(source.columns)
    )
    if named or not fitting:
        check_columns(models, source.columns)
    left_out = [kind.name for kind, _ in found if kind not in {kind for kind, _ in fitting}]
    if left_out:
        note(f"Left out, as the table lacks their columns: {', '.join(left_out)}.")
    return fitting


def write_table_scores(model: CustomerModel, table: DataFrame, output: Path) -> None:
    """Scores of a table by one model, a row a customer."""
    with step(f"Scoring {len(table):,} customers") as running, writing_scores(output, utc_now()) as writer:
        for start in range(0, len(table), ROWS):
            writer.write(score_chunk((model,), table.iloc[start : start + ROWS]))
            running.count(start, len(table))
        running.result = f"in {output}"


def check_output(output: Path, table: Path) -> None:
    """Raises BadScoring, BadTable: scores would take the place of the table, or cannot be such a file."""
    check_suffix(output)
    if output.resolve() == table.resolve():
        raise BadScoring(f"The scores would take the place of {table}; name another file with --output.")


def _score_own(config: Config, kind: str, table: Path, options: TableOptions, output: Path) -> None:
    model = load_table_model(kind, config.crm.models_folder)
    write_table_scores(model, table_to_score(kind, table, options, model, utc_now()), output)


def _score_table(config: Config, name: str | None, table: Path, id_column: str, output: Path, score: ScoreFile) -> None:
    found = models_in_use(config.crm.models_folder, name)
    if not found:
        raise BadScoring("No customer model is trained; `rapport models train` trains them.")
    with (
        step(f"Scoring {table}") as running,
        tempfile.TemporaryDirectory(prefix="rapport-features-") as aside,
    ):
        source = open_features(table, id_column, Path(aside))
        found = _fitting(found, source, named=name is not None)
        written = 0
        with writing_scores(output, utc_now()) as writer:
            for frame in score(found, source):
                writer.write(frame)
                written += len(frame)
                running.count(written, source.rows * len(found))
        models = ", ".join(kind.name for kind, _ in found)
        running.result = f"{source.rows:,} customers by {models}, in {output}"

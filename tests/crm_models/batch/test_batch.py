"""Scores in chunks: the same whoever computes them, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine
from trained_shop import TrainedShop

from crm_models.batch.chunk import ID, Loadable, check_columns, load_models, score_chunk
from crm_models.batch.files import FeatureFile, open_features, write_features, writing_scores
from crm_models.batch.local import score_file
from crm_models.batch.predictions import replace_predictions
from crm_models.batch.spark import score_on_spark
from crm_models.database import create_engine, migrate
from crm_models.errors import BadTable, SparkMissing
from crm_models.scoring import models_in_use
from crm_models.snapshot import ShopSnapshot
from crm_models.tables import customers, predictions

# Other models may score other customers, or need other columns.
NAMES = ("churn", "segment", "value")


@dataclass(frozen=True)
class Scored:
    """Models of the demo shop, and what they score."""

    found: tuple[Loadable, ...]
    features: pd.DataFrame
    source: FeatureFile


@pytest.fixture(scope="module")
def scored_models(trained_shop: TrainedShop, demo_shop: Engine, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    features = ShopSnapshot(demo_shop, trained_shop.now).features
    found = tuple(each for name in NAMES for each in models_in_use(trained_shop.folder, name))
    return Scored(found, features, write_features(tmp_path_factory.mktemp("batch") / "features.parquet", features))


WHEN = datetime(2026, 5, 1, 12)


def ordered(frames: Iterator[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(frames)).sort_values(["model", ID], ignore_index=True)


def test_a_chunk_holds_what_each_model_says(scored_models: Scored) -> None:
    models = load_models(scored_models.found)
    found = score_chunk(models, scored_models.features)
    assert len(found) == len(models) * len(scored_models.features)
    for model in models:
        mine = found[found["model"] == model.name].set_index("customer_id")
        pd.testing.assert_series_equal(mine["value"], model.predict(scored_models.features), check_names=False)
        assert list(mine["label"]) == list(model.label(scored_models.features))
        assert [tuple(json.loads(each)) for each in mine["reasons"]] == list(model.explain(scored_models.features))
        assert set(mine["model_version"]) == {model.version}
    value = json.loads(found.loc[found["model"] == "value", "details"].iloc[0])
    assert value["low_cents"] <= value["high_cents"]


def test_small_chunks_in_several_processes_give_the_same_scores(scored_models: Scored) -> None:
    whole = ordered(score_file(scored_models.found, scored_models.source, workers=1))
    parts = ordered(score_file(scored_models.found, scored_models.source, workers=2, rows=150))
    pd.testing.assert_frame_equal(parts, whole, check_exact=False, rtol=1e-12)


def test_spark_gives_the_same_scores(scored_models: Scored, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    on_spark = ordered(score_on_spark(scored_models.found, scored_models.source, master="local[2]"))
    here = ordered(score_file(scored_models.found, scored_models.source, workers=1))
    pd.testing.assert_frame_equal(on_spark, here, check_exact=False, rtol=1e-12)


def test_spark_without_java_is_told_in_a_sentence(
    scored_models: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(SparkMissing, match="Java 17"):
        next(score_on_spark(scored_models.found, scored_models.source))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_of_ones_own_is_scored_into_a_file_with_its_ids(
    suffix: str, scored_models: Scored, tmp_path: Path
) -> None:
    table = scored_models.features.head(40).reset_index(drop=True)
    table.insert(0, "kunde", [f"{number:05d}" for number in range(40)])
    path = tmp_path / f"table.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path, index=False)
    source = open_features(path, "kunde", tmp_path)
    output = tmp_path / "out" / f"scores.{suffix}"
    with writing_scores(output, WHEN) as writer:
        for frame in score_file(scored_models.found, source):
            writer.write(frame)
    ids = {ID: str}
    found = pd.read_csv(output, dtype=ids) if suffix == "csv" else pd.read_parquet(output)
    assert len(found) == 40 * len(scored_models.found)
    assert list(found[ID].head(3)) == ["00000", "00001", "00002"]
    assert found["value"].notna().all() and list(output.parent.iterdir()) == [output]


def test_what_a_german_spreadsheet_writes_is_scored_as_the_same_table_of_a_program(
    scored_models: Scored, tmp_path: Path
) -> None:
    table = scored_models.features.head(30).reset_index(drop=True)
    table.insert(0, "Müller-Nr", [f"{number:05d}" for number in range(30)])
    table.to_csv(tmp_path / "table.csv", index=False)
    table.to_csv(tmp_path / "tabelle.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    plain, german = (
        ordered(score_file(scored_models.found, open_features(tmp_path / name, "Müller-Nr", tmp_path)))
        for name in ("table.csv", "tabelle.csv")
    )
    assert german[ID].iloc[0] == "00000"
    pd.testing.assert_frame_equal(german, plain, check_exact=False, rtol=1e-9)


def test_a_word_among_numbers_is_told_with_its_column_and_customer(scored_models: Scored, tmp_path: Path) -> None:
    for sep, decimal in ((",", "."), (";", ",")):
        table = scored_models.features.head(30).astype(object)
        table.iloc[3, table.columns.get_loc("no_order_for")] = "long ago"
        table.rename_axis(ID).to_csv(tmp_path / "table.csv", sep=sep, decimal=decimal)
        source = open_features(tmp_path / "table.csv", ID, tmp_path)
        with pytest.raises(BadTable, match=rf"no_order_for of {table.index[3]} \('long ago'\)"):
            list(score_file(scored_models.found, source))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; it needs a line"),
        ("customer_id,orders\n", "holds no rows"),
        ("customer_id,orders\nk1,3\nk1,4\n", "more than one row for 1 ids in the column customer_id, such as 'k1'"),
        ("customer_id,orders\nk1,3\n ,4\n", "1 rows without an id in the column customer_id"),
        ("customer_id,orders,orders\nk1,3,4\n", "more than one column named orders"),
        ("customer_id,orders\nk1,3,4\nk2,1\n", "lines with more values|Expected 2 fields in line 2"),
        ("nummer,orders\nk1,3\n", "table.csv has no column 'customer_id'.*among nummer, orders; name it with --id"),
    ],
)
def test_a_bad_table_is_told_in_a_sentence(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(BadTable, match=told):
        open_features(tmp_path / "table.csv", ID, tmp_path)


def test_a_scoring_that_fails_leaves_the_older_file(tmp_path: Path, scored_models: Scored) -> None:
    output = tmp_path / "scores.csv"
    output.write_text("older")
    with pytest.raises(BadTable), writing_scores(output, WHEN) as writer:
        for frame in score_file(scored_models.found, scored_models.source):
            writer.write(frame)
            raise BadTable("It broke.")
    assert output.read_text() == "older" and list(tmp_path.iterdir()) == [output]


def test_all_columns_that_a_table_lacks_are_named_by_model(scored_models: Scored) -> None:
    models = load_models(scored_models.found)
    with pytest.raises(BadTable) as refusal:
        check_columns(models, [name for name in scored_models.features if name not in ("no_order_for", "complaints")])
    assert "churn needs" in str(refusal.value) and "complaints" in str(refusal.value)
    assert "segment needs" in str(refusal.value)


@pytest.mark.parametrize(("name", "text"), [("no.xlsx", "neither"), ("no.parquet", "cannot be read")])
def test_a_file_that_is_no_table_is_refused(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=text):
        open_features(tmp_path / name, ID, tmp_path)


def test_a_table_without_its_ids_is_refused(scored_models: Scored, tmp_path: Path) -> None:
    path = write_features(tmp_path / "table.parquet", scored_models.features).path
    with pytest.raises(BadTable, match=r"'number'.*--id"):
        open_features(path, "number", tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def two_customers(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path}/rapport.db")
    else:
        engine = create_engine(request.getfixturevalue("empty_postgres_url"))
    migrate(engine)
    with engine.begin() as connection:
        rows = [{"customer_id": each, "created_at": WHEN, "language": "en", "tier": "basic"} for each in ("C-1", "C-2")]
        connection.execute(insert(customers), rows)
    return engine


def scores(value: float, ids: tuple[str, ...] = ("C-1", "C-2")) -> pd.DataFrame:
    rows = [(each, "churn", value, "steady", '["no_order_for:3"]', '{"low": 1.5}', "churn-1") for each in ids]
    rows += [(each, "segment", value, "new", "[]", None, "segment-1") for each in ids]
    return pd.DataFrame(rows, columns=[ID, "model", "value", "label", "reasons", "details", "model_version"])


def test_predictions_are_replaced_as_a_whole(two_customers: Engine) -> None:
    replace_predictions(two_customers, ["churn", "segment"], [scores(0.2, ("C-1",)), scores(0.2, ("C-2",))], WHEN)
    query = select(predictions).order_by(predictions.c.customer_id, predictions.c.model)

    def stored() -> list[tuple]:
        with two_customers.connect() as connection:
            return [(row.value, row.reasons, row.details, row.scored_at) for row in connection.execute(query)]

    before = stored()
    assert before[:2] == [(0.2, ["no_order_for:3"], {"low": 1.5}, WHEN), (0.2, [], None, WHEN)]

    def failing() -> Iterator[pd.DataFrame]:
        yield scores(0.9)
        raise BadTable("It broke.")

    with pytest.raises(BadTable):
        replace_predictions(two_customers, ["churn", "segment"], failing(), WHEN)
    assert stored() == before
    replace_predictions(two_customers, ["churn"], [], WHEN)
    assert len(stored()) == 2

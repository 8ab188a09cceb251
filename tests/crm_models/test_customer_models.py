"""What every customer model keeps to, whichever it is."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.engine import Engine

from crm_models.churn.model import ChurnModel
from crm_models.churn.shop_table import HORIZON, churn_table
from crm_models.database import reading
from crm_models.errors import BadModel, BadTable
from crm_models.history import History, read_history
from crm_models.model import CustomerModel
from crm_models.model_files import ModelCard
from crm_models.scoring import MODELS
from crm_models.snapshot import ShopSnapshot
from crm_models.uplift.model import UpliftModel
from crm_models.value.model import LifetimeValue
from crm_models.value.table import value_cut_offs, value_table
from demo.seed import DEFAULT_UNTIL

NOW = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)


@pytest.fixture(scope="module")
def history(demo_shop: Engine) -> History:
    with reading(demo_shop) as connection:
        return read_history(connection)


@pytest.fixture(scope="module", params=MODELS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[CustomerModel]:
    found: type[CustomerModel] = request.param
    return found


@pytest.fixture(scope="module")
def table(kind: type[CustomerModel], demo_shop: Engine) -> pd.DataFrame:
    """What the model scores on the last day, which is also a table to fit segments and gaps on."""
    return kind.table_of(ShopSnapshot(demo_shop, NOW))


def training_table(kind: type[CustomerModel], history: History, table: pd.DataFrame) -> pd.DataFrame:
    if kind is LifetimeValue:
        return value_table(history, value_cut_offs(history, NOW, 365))
    days = [NOW - 3 * HORIZON, NOW - 2 * HORIZON]
    if kind is UpliftModel:
        return a_campaign(table)
    return churn_table(history, days) if kind is ChurnModel else table


def a_campaign(table: pd.DataFrame) -> pd.DataFrame:
    """An offer to every other customer that draws who has not ordered for long."""
    random = np.random.default_rng(7)
    treated = np.arange(len(table)) % 2 == 0
    chance = 0.2 + 0.5 * (treated & (table["no_order_for"] > 90))
    came = (random.random(len(table)) < chance).astype(float)
    return table.assign(treated=treated, outcome=came, propensity=0.5)


@pytest.fixture(scope="module")
def model(kind: type[CustomerModel], history: History, table: pd.DataFrame) -> CustomerModel:
    fitted = kind().fit(training_table(kind, history, table))
    fitted.version = f"{kind.name}-test"
    fitted.card = ModelCard(kind.name, fitted.version, "Test.", "all", 1, {"auc": 0.5}, "nothing", NOW, "source")
    return fitted


def everything(model: CustomerModel, table: pd.DataFrame) -> pd.DataFrame:
    columns = {"value": model.predict(table), "label": model.label(table), "reasons": model.explain(table)}
    return pd.DataFrame(columns).join(model.details(table))


def test_scores_lie_in_their_range_in_the_order_of_the_table(model: CustomerModel, table: pd.DataFrame) -> None:
    scores = model.predict(table)
    assert scores.index.equals(table.index) and scores.index.name == "customer_id"
    assert scores.dtype == np.float64 and np.isfinite(scores).all() and scores.between(*model.score_range).all()
    assert scores.nunique() > 5


def test_labels_are_those_announced(model: CustomerModel, table: pd.DataFrame) -> None:
    labels = model.label(table)
    assert labels.index.equals(table.index)
    assert len(set(labels)) > 1 and set(labels) <= set(model.labels)


def test_reasons_are_columns_with_the_customers_value(model: CustomerModel, table: pd.DataFrame) -> None:
    for customer_id, reasons in model.explain(table).items():
        assert len(reasons) == len(set(reasons))
        for reason in reasons:
            assert re.fullmatch(r"[a-z_]+:-?\d+(\.\d)?", reason)
            column, value = reason.split(":")
            assert column in model.columns
            assert abs(float(value) - table.loc[customer_id, column]) <= 0.5


def test_a_customers_score_depends_on_that_customer_alone(model: CustomerModel, table: pd.DataFrame) -> None:
    whole = everything(model, table)
    some = table.iloc[::-7]
    pd.testing.assert_frame_equal(everything(model, some), whole.loc[some.index])


def test_the_same_table_gives_the_same_model(model: CustomerModel, history: History, table: pd.DataFrame) -> None:
    again = type(model)().fit(training_table(type(model), history, table))
    pd.testing.assert_frame_equal(everything(again, table), everything(model, table))


def test_fitting_and_scoring_leave_the_table_as_it_was(
    model: CustomerModel, history: History, table: pd.DataFrame
) -> None:
    given = training_table(type(model), history, table)
    before = given.copy(deep=True)
    everything(type(model)().fit(given), given)
    pd.testing.assert_frame_equal(given, before)


def test_a_saved_model_scores_the_same(model: CustomerModel, table: pd.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    pd.testing.assert_frame_equal(everything(loaded, table), everything(model, table))
    assert (loaded.version, loaded.card) == (model.version, model.card)
    assert "Test." in (tmp_path / "model" / "card.md").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_nobody_to_score_is_no_mistake(model: CustomerModel, table: pd.DataFrame) -> None:
    assert everything(model, table.iloc[:0]).empty


def test_a_missing_column_is_named(model: CustomerModel, table: pd.DataFrame) -> None:
    with pytest.raises(BadTable, match=model.columns[0]):
        model.predict(table.drop(columns=model.columns[0]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_named(model: CustomerModel, table: pd.DataFrame, value: float) -> None:
    broken = table.copy()
    broken.loc[broken.index[3], model.columns[1]] = value
    with pytest.raises(BadTable, match=model.columns[1]):
        model.predict(broken)
    with pytest.raises(BadTable, match=model.columns[1]):
        type(model)().fit(broken)


def test_too_few_customers_are_refused(model: CustomerModel, history: History, table: pd.DataFrame) -> None:
    with pytest.raises(BadTable):
        type(model)().fit(training_table(type(model), history, table).iloc[:20])


def test_an_unfitted_model_says_so(model: CustomerModel, table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="not fitted"):
        type(model)().predict(table)
    with pytest.raises(BadModel, match="not fitted"):
        type(model)().save(tmp_path / "model")


def test_a_damaged_or_foreign_folder_is_refused(model: CustomerModel, tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="rapport train"):
        type(model).load(tmp_path / "nothing")
    folder = tmp_path / "model"
    model.save(folder)
    (folder / "model.json").write_text(json.dumps({"kind": "other"}))
    with pytest.raises(BadModel, match="'other'"):
        type(model).load(folder)
    (folder / "model.json").write_text(json.dumps({"kind": model.name, "version": "1"}))
    (folder / "arrays.npz").write_bytes((tmp_path / "model" / "arrays.npz").read_bytes()[:10])
    with pytest.raises(BadModel, match="rapport train"):
        type(model).load(folder)


def test_columns_are_those_of_its_table(model: CustomerModel, table: pd.DataFrame) -> None:
    assert set(model.columns) <= set(table.columns)


def test_no_model_is_pickled(model: CustomerModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".npz", ".md"}
    with np.load(tmp_path / "model" / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_cut_offs_of_a_churn_table_are_as_asked(history: History) -> None:
    day = NOW - HORIZON
    found = churn_table(history, [day])
    assert set(found["cut_off"]) == {day}
    assert found["no_order_for"].max() <= timedelta(days=365).days

"""Lifetime value, stages and segments find what made the demo customers buy, from their orders alone."""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from crm_models.features import features_at
from crm_models.history import History
from crm_models.segments.model import Segmentation
from crm_models.segments.stage import LifecycleStage
from crm_models.value.own_table import purchase_history
from crm_models.value.table import value_table
from crm_models.value.training import train_value
from demo.generate import DemoData
from demo.seed import DEFAULT_UNTIL

NOW = datetime.combine(DEFAULT_UNTIL, time())
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def truth(data: DemoData) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(data.truth), index_col="customer_id")


@pytest.fixture(scope="module")
def history(data: DemoData) -> History:
    orders = pd.DataFrame(data.tables["orders"])
    lines = pd.DataFrame(data.tables["order_lines"])
    goods = (lines["quantity"] * lines["price_cents"]).groupby(lines["order_id"]).sum()
    kept = orders[orders["status"] != "cancelled"]
    amount = kept["order_id"].map(goods) / 100
    return purchase_history(
        pd.DataFrame({"customer_id": kept["customer_id"], "date": kept["placed_at"], "amount": amount})
    )


@pytest.fixture(scope="module")
def table(history: History) -> pd.DataFrame:
    return features_at(history, NOW)


def test_value_ranks_what_customers_spend_in_the_year_after(history: History) -> None:
    day = NOW - YEAR
    known = History(**{**vars(history), "orders": history.orders[history.orders["placed_at"] < day]})
    model = train_value(known, day)
    then = value_table(history, [day, NOW])
    then = then[then["cut_off"] == day]
    value, came = model.predict(then), then["future_cents"]
    naive = then["spent_cents"] / then["ordering_for"].clip(lower=30)
    assert spearmanr(value, came).statistic > spearmanr(naive, came).statistic + 0.15
    assert spearmanr(value, came).statistic > 0.5
    fifth = len(then) // 5
    assert came[value.nlargest(fifth).index].sum() > came[naive.nlargest(fifth).index].sum()
    assert value.sum() == pytest.approx(came.sum(), rel=0.3)


def test_value_follows_the_hidden_rate_of_who_is_still_there(
    history: History, table: pd.DataFrame, truth: pd.DataFrame
) -> None:
    model = train_value(history, NOW)
    known = truth.loc[table.index]
    there = (known["churned"] == 0).to_numpy()
    expected = model.details(table)["expected_orders"]
    settled = there & (table["ordering_for"] > 180).to_numpy()
    assert spearmanr(expected[settled], known["rate_per_year"][settled]).statistic > 0.6
    assert expected[~there].mean() < 0.3 * expected[there].mean()


def test_stages_agree_with_who_has_really_left(table: pd.DataFrame, truth: pd.DataFrame) -> None:
    left = truth["churned"].loc[table.index] == 1
    stage = LifecycleStage().fit(table).label(table)
    share = {name: left[stage == name].mean() for name in ("new", "active", "at_risk", "lapsed")}
    assert share["lapsed"] > 0.88
    assert share["active"] < 0.2 and share["new"] < 0.3
    assert share["active"] < share["at_risk"] < share["lapsed"]
    assert left[stage == "lapsed"].sum() > 0.6 * left.sum()


def test_segments_differ_in_the_hidden_rate_and_in_who_has_left(table: pd.DataFrame, truth: pd.DataFrame) -> None:
    label = Segmentation().fit(table).label(table)
    known = truth.loc[table.index]
    rate, left = known.groupby(label)["rate_per_year"].mean(), known.groupby(label)["churned"].mean()
    assert rate.idxmax() == "best" and rate["best"] > 1.5 * rate["lost"]
    assert left["best"] < 0.25 < 0.5 < left["lost"]
    assert np.isfinite(rate).all()

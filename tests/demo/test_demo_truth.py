"""What the traits do can be learned from the orders: leaving, taste, and what goes with what."""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.generate import DemoData
from demo.seed import DEFAULT_UNTIL

NOW = datetime.combine(DEFAULT_UNTIL, time())
QUIET = timedelta(days=180)


@pytest.fixture(scope="module")
def truth(data: DemoData) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(data.truth), index_col="customer_id")


@pytest.fixture(scope="module")
def orders(data: DemoData) -> pd.DataFrame:
    return pd.DataFrame(data.tables["orders"])


@pytest.fixture(scope="module")
def bought(data: DemoData, orders: pd.DataFrame) -> pd.DataFrame:
    """A row per line, with customer, category and type."""
    products = pd.DataFrame(data.tables["products"])
    products["type"] = [attributes["type"] for attributes in products.attributes]
    items = pd.DataFrame(data.tables["items"]).merge(products, on="product_id")
    lines = pd.DataFrame(data.tables["order_lines"])
    return lines.merge(items, on="item_id").merge(orders[["order_id", "customer_id"]], on="order_id")


def test_leaving_can_be_predicted_neither_too_well_nor_too_badly(data: DemoData, orders: pd.DataFrame) -> None:
    cut = NOW - QUIET
    before = orders[orders.placed_at < cut].sort_values("placed_at")
    by_customer = before.groupby("customer_id")
    recency = (cut - by_customer.placed_at.max()).dt.days
    age = (cut - by_customer.placed_at.min()).dt.days
    frequency = by_customer.size()
    arrived = before.delivered_at.where(before.delivered_at < cut, cut)
    late_days = (arrived - before.promised_on).dt.days.clip(lower=0)
    late = late_days.groupby(before.customer_id)
    complaints = pd.DataFrame(data.tables["complaints"])
    complained = complaints[complaints.created_at < cut].groupby("customer_id").size()
    features = pd.DataFrame(
        {
            "recency": np.log1p(recency),
            "frequency": np.log1p(frequency),
            "age": np.log1p(age),
            "recency_by_gap": np.log1p(recency / (age / frequency + 15)),
            "late": np.log1p(late.max()),
            "late_last": late.last(),
            "complaints": complained.reindex(recency.index).fillna(0),
        }
    )
    stayed = orders[orders.placed_at >= cut].customer_id.unique()
    left = ~features.index.isin(stayed)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    scores = cross_val_predict(model, features, left, cv=5, method="predict_proba")[:, 1]
    assert 0.75 <= roc_auc_score(left, scores) <= 0.88
    assert 0.35 <= left.mean() <= 0.6


def test_bad_service_drives_the_impatient_away(orders: pd.DataFrame, truth: pd.DataFrame) -> None:
    late = (orders.delivered_at - orders.promised_on).dt.days >= 3
    hit = truth.index.isin(orders[late].customer_id)
    buyers = truth.index.isin(orders.customer_id)
    impatient = truth.patience < 0.4
    assert truth[buyers & hit & impatient].churned.mean() > truth[buyers & ~hit & impatient].churned.mean() + 0.2
    assert truth[buyers & hit & ~impatient].churned.mean() < truth[buyers & hit & impatient].churned.mean()


def test_who_has_left_hardly_buys(orders: pd.DataFrame, truth: pd.DataFrame) -> None:
    gone_since = pd.to_datetime(truth.churned_on)
    placed = orders.merge(gone_since.rename("gone"), left_on="customer_id", right_index=True)
    after = placed[placed.placed_at > placed.gone + timedelta(days=7)].customer_id.value_counts()
    years_gone = (NOW - gone_since).dt.days.sum() / 365
    assert after.sum() / years_gone < 0.1 * truth.rate_per_year.mean()


def test_people_buy_what_they_like(bought: pd.DataFrame, truth: pd.DataFrame) -> None:
    tastes = truth.filter(like="taste_")
    assert np.allclose(tastes.sum(axis=1), 1.0, atol=1e-3)
    share = pd.crosstab(bought.customer_id, bought.category, normalize="index")
    share.columns = ["taste_" + name.replace(" ", "_") for name in share.columns]
    often = bought.customer_id.value_counts().loc[lambda count: count >= 15].index
    pairs = np.corrcoef(tastes.loc[often, share.columns].to_numpy().ravel(), share.loc[often].to_numpy().ravel())
    assert pairs[0, 1] > 0.7


@pytest.mark.parametrize(("first", "then"), [("kettle", "tea"), ("grinder", "coffee beans")])
def test_what_goes_together_is_bought_by_the_same_people(bought: pd.DataFrame, first: str, then: str) -> None:
    owners = set(bought[bought.type == first].customer_id)
    buyers = set(bought[bought.type == then].customer_id)
    everybody = set(bought.customer_id)
    assert len(owners & buyers) / len(owners) > 1.3 * len(buyers) / len(everybody)


def test_the_price_conscious_wait_for_discounts(orders: pd.DataFrame, truth: pd.DataFrame) -> None:
    discounted = (orders.discount_cents > 0).groupby(orders.customer_id).mean()
    sensitive = truth.price_sensitivity.reindex(discounted.index) > 0.5
    assert discounted[sensitive].mean() > 1.5 * discounted[~sensitive].mean()


def test_traits_are_nowhere_in_the_shop(data: DemoData, truth: pd.DataFrame) -> None:
    columns = {column for rows in data.tables.values() for column in rows[0]}
    hidden = {name for name in truth.columns if name not in ("churned", "churned_on")}
    assert not columns & (hidden | {"goes_with", "churned", "patience"})

"""The mailings of the demo shop: drawn at random, without a trace elsewhere, and their effect can be learned."""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import datetime, time
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import spearmanr
from sqlalchemy.engine import Engine

from crm_models.database import create_engine, migrate
from crm_models.training import TrainingContext
from crm_models.uplift.model import UpliftModel
from crm_models.uplift.training import train_uplift
from demo.generate import DemoData
from demo.seed import DEFAULT_UNTIL, _insert

NOW = datetime.combine(DEFAULT_UNTIL, time())


@pytest.fixture(scope="module")
def truth(data: DemoData) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(data.truth), index_col="customer_id")


@pytest.fixture(scope="module")
def members(data: DemoData) -> pd.DataFrame:
    return pd.DataFrame(data.tables["campaign_members"])


@pytest.fixture(scope="module")
def context(data: DemoData, tmp_path_factory: pytest.TempPathFactory) -> TrainingContext:
    engine: Engine = create_engine("sqlite://")
    migrate(engine)
    with engine.begin() as connection:
        _insert(connection, data, None)
    return TrainingContext(engine, NOW, Path(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def model(context: TrainingContext) -> UpliftModel:
    return train_uplift(context)


def test_arms_are_drawn_at_random(members: pd.DataFrame, truth: pd.DataFrame) -> None:
    assert 0.47 < members.treated.mean() < 0.53
    for trait in ("price_sensitivity", "patience", "churned"):
        by_arm = truth.loc[members.customer_id, trait].groupby(members.treated.to_numpy()).mean()
        assert abs(by_arm[True] - by_arm[False]) < 0.05
    assert not set(members.customer_id) & {f"C-{number:06d}" for number in range(1, 7)}, "no mailing for the personas"


def test_the_voucher_draws_some_and_puts_off_others(data: DemoData, members: pd.DataFrame, truth: pd.DataFrame) -> None:
    started = {row["campaign_id"]: row["started_at"] for row in data.tables["campaigns"]}
    seen: defaultdict[str, list[datetime]] = defaultdict(list)
    for event in data.tables["browse_events"]:
        seen[event["customer_id"]].append(event["created_at"])
    came = [
        any(0 <= (at - started[campaign]).days < 14 for at in seen[customer])
        for campaign, customer in zip(members.campaign_id, members.customer_id, strict=True)
    ]
    effect = truth.loc[members.customer_id, "offer_effect"].to_numpy()
    rates = pd.DataFrame({"came": came, "treated": members.treated, "effect": effect})
    drawn, put_off = rates[rates.effect > 0.2], rates[rates.effect < -0.1]
    for some, sign in ((drawn, 1), (put_off, -1)):
        by_arm = some.groupby("treated").came.mean()
        assert sign * (by_arm[True] - by_arm[False]) > 0.1


def test_uplift_follows_the_hidden_effect(model: UpliftModel, context: TrainingContext, truth: pd.DataFrame) -> None:
    effect = model.predict(context.features)
    real = truth.loc[effect.index, "offer_effect"]
    assert spearmanr(effect, real)[0] > 0.3
    best = effect.nlargest(len(effect) // 5).index
    assert real[best].mean() > 1.5 * real.mean()


def test_sleeping_dogs_are_found(model: UpliftModel, context: TrainingContext, truth: pd.DataFrame) -> None:
    labels = model.label(context.features)
    real = truth.loc[labels.index, "offer_effect"]
    assert (labels == "sleeping_dog").sum() > 20
    assert real[labels == "sleeping_dog"].mean() < -0.03
    assert real[labels == "persuadable"].mean() > 0.1


def test_the_card_says_how_sure_the_order_is(model: UpliftModel) -> None:
    assert model.card is not None
    metrics = model.card.metrics
    assert metrics["qini_percent_low"] < metrics["qini_percent"] < metrics["qini_percent_high"]
    assert metrics["calibration_slope"] > 1.64 * metrics["calibration_slope_error"] > 0
    assert "first mailing" in model.card.data and "second mailing" in model.card.data

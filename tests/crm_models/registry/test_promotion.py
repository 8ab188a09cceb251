"""A new model is used unless it is clearly worse."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.engine import Engine
from trained_shop import TrainedShop

from crm_models.churn import HORIZON, ChurnModel
from crm_models.errors import BadTable
from crm_models.outcomes import known_outcomes
from crm_models.registry.catalogue import find_version
from crm_models.registry.promotion import decide
from crm_models.registry.versions import current_version, versions_of
from crm_models.scoring import drift_reports
from crm_models.snapshot import ShopSnapshot
from crm_models.train import train_all
from crm_models.trainers import trainers_named
from crm_models.training import Trainer, TrainingContext, TrainOutcome
from crm_models.value.model import LifetimeValue
from crm_models.value.table import value_cut_offs, value_table
from demo.seed import DEFAULT_UNTIL

NOW = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)


def train_shuffled(context: TrainingContext) -> LifetimeValue:
    """As after an import that gave the customers each other's orders."""
    table = value_table(context.history, value_cut_offs(context.history, context.now, 365))
    columns = list(LifetimeValue.columns)
    table[columns] = np.random.default_rng(3).permutation(table[columns].to_numpy())
    model = LifetimeValue().fit(table)
    model.version = "value-20991231-000000"
    return model


def test_a_clearly_worse_model_is_kept_but_not_used(demo_shop: Engine, tmp_path: Path) -> None:
    first = train_all(demo_shop, tmp_path, NOW, trainers=trainers_named("value")).result("value")
    assert first.used
    worse = train_all(demo_shop, tmp_path, NOW, trainers=(Trainer("value", train_shuffled),)).result("value")
    assert worse.outcome is TrainOutcome.TRAINED and not worse.used
    assert "clearly worse" in worse.why and str(first.version) in worse.why
    assert current_version(tmp_path, "value") == first.version
    assert worse.version in versions_of(tmp_path, "value")
    decision = find_version(tmp_path, "value", worse.version).decision
    assert decision is not None and not decision.use and decision.against == first.version

    later = train_all(demo_shop, tmp_path, NOW + timedelta(days=1), trainers=trainers_named("value")).result("value")
    assert later.used and current_version(tmp_path, "value") == later.version


def test_without_an_older_model_or_an_outcome_the_new_one_is_used(demo_shop: Engine) -> None:
    new = ChurnModel()
    assert decide(new, None, None).use
    assert decide(new, ChurnModel(), None).use


def test_outcomes_are_those_of_the_half_year_before(demo_shop: Engine) -> None:
    shop = ShopSnapshot(demo_shop, NOW)
    table = known_outcomes("churn", shop)
    assert table is not None
    orders = shop.history.orders
    late = orders[(orders["placed_at"] >= NOW - HORIZON) & (orders["placed_at"] < NOW) & orders["cancelled_at"].isna()]
    came = set(late["customer_id"])
    assert {str(each) for each in table.index[table["outcome"] == 1.0]}.isdisjoint(came)
    assert known_outcomes("segment", shop) is None


def test_value_is_judged_by_what_was_spent(demo_shop: Engine) -> None:
    table = known_outcomes("value", ShopSnapshot(demo_shop, NOW))
    assert table is not None
    assert isinstance(table, pd.DataFrame) and table["outcome"].sum() > 0
    assert not table.index.duplicated().any()


def test_too_little_data_removes_all_versions(demo_shop: Engine, tmp_path: Path) -> None:
    train_all(demo_shop, tmp_path, NOW, trainers=trainers_named("segment"))
    assert versions_of(tmp_path, "segment")

    def none(context: TrainingContext) -> ChurnModel:
        raise BadTable("There is nothing.")

    result = train_all(demo_shop, tmp_path, NOW, trainers=(Trainer("segment", none),)).result("segment")
    assert (result.outcome, result.why) == (TrainOutcome.TOO_LITTLE_DATA, "There is nothing.")
    assert versions_of(tmp_path, "segment") == ()


@pytest.mark.parametrize("name", ["churn", "value", "segment"])
def test_half_a_year_later_the_columns_that_moved_are_named(
    name: str, demo_shop: Engine, trained_shop: TrainedShop
) -> None:
    same, later = (
        drift_reports(demo_shop, trained_shop.folder, day, name)[0] for day in (NOW, NOW + timedelta(days=180))
    )
    assert same.drifted == () and same.score.psi < 0.01
    assert "no_order_for" in {each.column for each in later.drifted}

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from trained_shop import TrainedShop, copy_of

from crm_models.churn.labels import AT_RISK
from crm_models.churn.model import ChurnModel
from crm_models.customers import read_profile
from crm_models.database import create_engine, migrate, reading
from crm_models.model_files import read_card
from crm_models.next_action.decide import Asking, Means, decide
from crm_models.next_action.kinds import ActionKind, Moment
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.registry.versions import current_folder
from crm_models.satisfaction.model import SatisfactionModel
from crm_models.scoring import score_all
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import orders, predictions
from crm_models.train import TrainOutcome, TrainReport, train_all
from crm_models.trainers import TRAINERS, trainers_named
from demo.seed import DEFAULT_UNTIL, seed_shop

NOW = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)
CLARA = "C-000003"  # late parcels, a broken turntable, a slow refund


@pytest.fixture(scope="module")
def folder(trained_shop: TrainedShop) -> Path:
    return trained_shop.folder


@pytest.fixture(scope="module")
def scored(demo_shop: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A copy of the demo shop, to write scores into."""
    return copy_of(demo_shop, tmp_path_factory.mktemp("scored"))


@pytest.fixture(scope="module")
def report(trained_shop: TrainedShop, scored: Engine) -> TrainReport:
    score_all(scored, trained_shop.folder, NOW)
    return trained_shop.report


def test_progress_names_each_model(trained_shop: TrainedShop) -> None:
    names = [trainer.name for trainer in TRAINERS]
    assert [step for step, *_ in trained_shop.steps if step in names] == names
    assert trained_shop.steps[-1] == ("customer models", len(TRAINERS), len(TRAINERS))


def test_all_models_are_trained(report: TrainReport) -> None:
    assert {result.model: result.outcome for result in report.results} == {
        trainer.name: TrainOutcome.TRAINED for trainer in TRAINERS
    }


def test_churn_is_learned_on_a_later_half_year(report: TrainReport) -> None:
    metrics = report.result("churn").metrics
    assert metrics["auc"] > 0.7
    assert metrics["auc_low"] < metrics["auc"] < metrics["auc_high"]
    assert metrics["auc"] > metrics["auc_of_recency_alone"]
    assert abs(metrics["mean_score"] - metrics["share_left"]) < 0.1  # calibrated
    assert metrics["precision_at_risk"] > 1.3 * metrics["share_left"]


def test_the_recommender_beats_popularity(report: TrainReport) -> None:
    metrics = report.result("recommendation").metrics
    assert metrics["hit_rate_at_10"] > 1.2 * metrics["hit_rate_at_10_of_popularity"]


def test_a_card_lies_beside_each_model(report: TrainReport, folder: Path) -> None:
    for result in report.results:
        there = current_folder(folder, result.model)
        assert there is not None
        card = read_card(there)
        assert card is not None
        assert (card.version, card.trained_at) == (result.version, NOW)
        assert dict(card.metrics) == result.metrics
        assert str(card.version) in (there / "card.md").read_text()


def test_the_neglected_customer_is_at_risk_and_the_reasons_say_so(report: TrainReport, scored: Engine) -> None:
    with reading(scored) as connection:
        clara = read_profile(connection, CLARA, NOW)
        regular = read_profile(connection, "C-000005", NOW)
    assert clara is not None and regular is not None
    churn = clara.predictions["churn"]
    assert churn.label == AT_RISK and churn.value is not None and churn.value > 0.5
    assert churn.reasons[0] == "late_deliveries:3"
    assert "slow_refunds:1" in churn.reasons
    assert churn.model_version == report.result("churn").version
    assert regular.predictions["churn"].label == "steady"
    assert regular.segment == "best"


def test_who_is_at_risk_is_offered_a_discount(report: TrainReport, scored: Engine) -> None:
    policy = load_offer_policy()
    means = Means(policy.model_copy(update={"exploration": policy.exploration.model_copy(update={"share": 0.0})}),
                  ShopPolicy, random.Random(1))  # fmt: skip
    with scored.connect() as connection:
        chosen = [
            decide(connection, Asking(customer_id, "web-1", Moment.ORDER_STATUS, NOW, mood=-0.9), means).action
            for customer_id in (CLARA, "C-000005")
        ]
        connection.rollback()
    assert chosen == [ActionKind.RETENTION_OFFER, ActionKind.ANSWER_ONLY]


def test_training_again_gives_the_same_models(report: TrainReport, scored: Engine, tmp_path: Path) -> None:
    """Of those that are quick; that of each model gives the same is in test_customer_models."""
    for name in ("segment", "value"):
        again = train_all(scored, tmp_path, NOW, seed=7, trainers=trainers_named(name)).result(name)
        assert again.metrics == report.result(name).metrics


def test_scoring_again_replaces_the_scores(report: TrainReport, scored: Engine, folder: Path) -> None:
    later = NOW + timedelta(days=1)
    found = score_all(scored, folder, later)
    with reading(scored) as connection:
        rows = connection.execute(select(predictions.c.model, predictions.c.scored_at)).all()
    assert found.missing == ()
    assert len(rows) == sum(found.scored.values())
    assert {row.scored_at for row in rows} == {later}


def test_scores_of_a_model_that_is_gone_go_too(
    report: TrainReport, scored: Engine, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "segment", tmp_path / "segment")
    found = score_all(scored, tmp_path, NOW)
    assert "churn" in found.missing and "segment" not in found.missing
    with reading(scored) as connection:
        assert set(connection.execute(select(predictions.c.model)).scalars()) == {"segment"}
    score_all(scored, folder, NOW)


def test_a_young_shop_gets_no_churn_model_and_is_told_why(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    migrate(engine)
    seed_shop(engine, customers=60)
    (tmp_path / "churn").mkdir()  # of the shop before
    report = train_all(engine, tmp_path, datetime(2024, 6, 1))
    churn = report.result("churn")
    assert churn.outcome is TrainOutcome.TOO_LITTLE_DATA and "Churn needs" in churn.why
    assert not (tmp_path / "churn").exists()
    assert report.result("recommendation").outcome is TrainOutcome.TRAINED


def test_a_shop_that_does_not_say_when_gets_suggestions_only(tmp_path: Path) -> None:
    """As an imported shop whose orders carry no dates."""
    engine = create_engine("sqlite://")
    migrate(engine)
    seed_shop(engine, customers=150)
    with engine.begin() as connection:
        connection.execute(update(orders).values(placed_at=datetime(2024, 5, 1)))
    report = train_all(engine, tmp_path, NOW)
    assert "customers who left" in report.result("churn").why
    assert "different days" in report.result("segment").why
    assert report.result("recommendation").outcome is TrainOutcome.TRAINED
    assert score_all(engine, tmp_path, NOW).missing[:2] == ("churn", "segment")


def test_an_empty_shop_trains_nothing_and_scores_nothing(engine: Engine, tmp_path: Path) -> None:
    report = train_all(engine, tmp_path, NOW)
    # satisfaction has weights that ship, and needs no data of the shop
    learned = [result for result in report.results if result.model != SatisfactionModel.name]
    assert {result.outcome for result in learned} == {TrainOutcome.TOO_LITTLE_DATA}
    assert all(result.why for result in learned)
    assert score_all(engine, tmp_path, NOW).scored == {}
    assert not (tmp_path / "recommendation").exists()


def known_table(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """Customers whose chance to leave is known: log-odds -1 + 1.5 for each late parcel, nothing else."""
    table = pd.DataFrame(0.0, index=range(rows), columns=list(ChurnModel.columns))
    table["late_deliveries"] = random.poisson(0.7, rows).astype(float)
    table["orders"] = random.poisson(4, rows) + 1.0
    chance = 1 / (1 + np.exp(1 - 1.5 * table["late_deliveries"]))
    table["left"] = random.random(rows) < chance
    table["cut_off"] = np.where(random.random(rows) < 0.3, NOW, NOW - timedelta(days=180))
    return table.assign(chance=chance)


def test_known_chances_are_found_again() -> None:
    table = known_table(np.random.default_rng(5), 20_000)
    model = ChurnModel().fit(table)
    assert np.abs(model.predict(table) - table["chance"]).mean() < 0.02
    # leaving is likelier than staying from one late parcel on
    at_risk = model.label(table) == AT_RISK
    assert at_risk[table["late_deliveries"] >= 1].mean() > 0.9
    assert at_risk[table["late_deliveries"] == 0].mean() < 0.1
    assert set(model.explain(table[table["late_deliveries"] == 2])) == {("late_deliveries:2",)}

"""Effects of an offer: known ones are recovered, who is put off is found, and bad campaigns are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from crm_models import tables
from crm_models.campaigns import Campaign, CampaignOutcome, draw_campaign, read_campaigns, read_members
from crm_models.database import create_engine, migrate
from crm_models.errors import BadCampaign, BadTable
from crm_models.train import TrainOutcome, train_all
from crm_models.training import Trainer
from crm_models.uplift.averaging import PARTS, shares_of, weights_of
from crm_models.uplift.comparison import AVERAGE
from crm_models.uplift.learners import CANDIDATES
from crm_models.uplift.model import UpliftModel, sleeping_dogs
from crm_models.uplift.qini import Trial, qini, qini_curve, qini_interval
from crm_models.uplift.table import read_trial
from crm_models.uplift.training import train_from_table, train_uplift

NOW = datetime(2026, 11, 1)


def simulated(rows: int = 4000, seed: int = 3, chance: float = 0.5) -> pd.DataFrame:
    """Known effects: +0.3 for bargain hunters, -0.2 for the annoyed, 0 for the others."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "bargains": random.random(rows),
            "annoyed": (random.random(rows) < 0.25).astype(float),
            "noise": random.normal(size=rows),
            "region": np.where(random.random(rows) < 0.5, "south", "north"),
        },
        index=pd.Index([f"C-{number:05d}" for number in range(rows)], name="customer_id"),
    )
    effect = np.where(table.annoyed > 0, -0.2, np.where(table.bargains > 0.5, 0.3, 0.0))
    offered = random.random(rows) < chance
    came = random.random(rows) < 0.3 + offered * effect
    return table.assign(effect=effect, offered=offered.astype(int), came=came.astype(int), chance=chance)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulated()


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> UpliftModel:
    return train_from_table(table.drop(columns="effect"), "offered", "came", NOW, propensity="chance")


def naive_qini(scores: np.ndarray, trial: Trial) -> float:
    """The definition, one customer at a time."""
    order = sorted(range(len(scores)), key=lambda row: -scores[row])
    points, treated, control, came_treated, came_control = [0.0], 0, 0, 0.0, 0.0
    for row in order:
        if trial.treated[row]:
            treated, came_treated = treated + 1, came_treated + trial.outcome[row]
        else:
            control, came_control = control + 1, came_control + trial.outcome[row]
        points.append(came_treated - (came_control * treated / control if control else 0.0))
    curve = np.array(points) / treated
    return float(np.trapz(curve, dx=1 / len(scores)) - curve[-1] / 2)


def test_qini_is_the_area_of_its_definition(table: pd.DataFrame) -> None:
    some = table.iloc[:300]
    trial = Trial(some.offered.to_numpy() > 0, some.came.to_numpy(dtype=float), some.chance.to_numpy())
    scores = some.noise.to_numpy()
    assert qini(scores, trial) == pytest.approx(naive_qini(scores, trial), abs=1e-12)


def test_qini_of_scores_that_say_nothing_is_zero_and_the_curve_ends_at_the_effect(table: pd.DataFrame) -> None:
    trial = Trial(table.offered.to_numpy() > 0, table.came.to_numpy(dtype=float), table.chance.to_numpy())
    assert qini(np.ones(len(table)), trial) == pytest.approx(0.0, abs=1e-12)
    share, gain = qini_curve(table.effect.to_numpy(), trial)
    assert (share[0], gain[0], share[-1]) == (0.0, 0.0, 1.0)
    assert gain[-1] == pytest.approx(trial.effect)
    assert qini(table.effect.to_numpy(), trial) > 0.02 > -0.02 > qini(-table.effect.to_numpy(), trial)
    low, high = qini_interval(table.effect.to_numpy(), trial, seed=1, resamples=60)
    assert 0 < low < qini(table.effect.to_numpy(), trial) < high


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_learner_finds_effects_that_are_there(table: pd.DataFrame, name: str) -> None:
    values = np.column_stack(
        [table.bargains - 0.5, table.annoyed - 0.25, table.noise, (table.region == "south").to_numpy() - 0.5]
    )
    values = values / values.std(axis=0)
    trial = Trial(table.offered.to_numpy() > 0, table.came.to_numpy(dtype=float), table.chance.to_numpy())
    found = CANDIDATES[name](values, trial, 7).predict(values)
    assert np.corrcoef(found, table.effect)[0, 1] > 0.6
    assert qini(found, trial) > 0.02


def test_effects_have_the_right_size(model: UpliftModel, table: pd.DataFrame) -> None:
    told = model.details(simulated(4000, seed=11))
    truth = simulated(4000, seed=11).effect
    for effect in (-0.2, 0.0, 0.3):
        assert told.effect[truth == effect].mean() == pytest.approx(effect, abs=0.08)
    assert np.sqrt(((told.effect - truth) ** 2).mean()) < 0.7 * truth.std()
    assert model.card is not None and model.card.metrics["average_effect"] == pytest.approx(truth.mean(), abs=0.03)


def test_sleeping_dogs_are_those_whom_the_offer_puts_off(model: UpliftModel, table: pd.DataFrame) -> None:
    found = sleeping_dogs(model, table)
    assert table.annoyed[found.index].mean() > 0.9
    assert len(found) > 0.7 * table.annoyed.sum()
    assert (found.effect < 0).all() and (found.chance_negative >= 0.9).all()
    assert found.chance_negative.is_monotonic_decreasing


def test_labels_are_of_the_right_customers(model: UpliftModel, table: pd.DataFrame) -> None:
    labels = model.label(table)
    assert set(labels) <= set(model.labels)
    assert table.effect[labels == "persuadable"].mean() > 0.15 > table.effect[labels == "lost_cause"].mean()


def test_the_average_was_compared_with_each_learner_on_customers_it_had_not_seen(model: UpliftModel) -> None:
    assert model.comparison is not None and model.card is not None
    assert {AVERAGE, *PARTS} <= set(model.comparison.held_out)
    assert model.comparison.held_out[AVERAGE] > 0.9 * max(model.comparison.held_out.values())
    assert 0 < model.card.metrics["qini_percent_low"] < model.card.metrics["qini_percent"]
    assert "Qini" in model.card.measured_on


def test_the_card_says_which_learners_are_averaged_and_what_each_counts_for(model: UpliftModel) -> None:
    assert model.card is not None
    assert sum(model.card.metrics[f"weight_{name}"] for name in PARTS) == pytest.approx(1.0)
    assert all(name in model.card.chosen for name in PARTS)


def known_trial(rows: int = 4000) -> tuple[np.ndarray, Trial]:
    table = simulated(rows)
    return table.effect.to_numpy(), Trial(
        table.offered.to_numpy() > 0, table.came.to_numpy(dtype=float), table.chance.to_numpy()
    )


def weights(estimates: dict[str, np.ndarray], trial: Trial) -> dict[str, float]:
    return weights_of(estimates, {name: qini(each, trial) for name, each in estimates.items()}, trial, seed=1)


def test_learners_that_the_figures_cannot_tell_apart_count_about_the_same() -> None:
    effect, trial = known_trial()
    random = np.random.default_rng(4)
    alike = {name: effect + random.normal(scale=0.2, size=len(effect)) for name in ("one", "two", "three")}
    found = weights(alike, trial)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) > 0.1


def test_a_learner_that_is_plainly_worse_hardly_counts() -> None:
    effect, trial = known_trial()
    found = weights({"right": effect, "wrong": -effect}, trial)
    assert found["right"] > 0.95


def test_learners_that_say_the_same_count_the_same() -> None:
    effect, trial = known_trial(400)
    assert weights({"one": effect, "two": effect}, trial) == pytest.approx({"one": 0.5, "two": 0.5})


def test_a_learner_with_larger_effects_does_not_outvote_the_others() -> None:
    shares = shares_of({"small": 0.5, "large": 0.5}, {"small": 0.1, "large": 0.2})
    assert shares["small"] * 0.1 == pytest.approx(shares["large"] * 0.2)
    assert shares["small"] * 0.1 + shares["large"] * 0.2 == pytest.approx(0.15), "effects keep their usual size"


def test_a_model_of_before_there_was_an_average_is_still_read(
    model: UpliftModel, table: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "uplift")
    file = tmp_path / "uplift" / "model.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["comparison"] = {name: each for name, each in told["comparison"].items() if name not in ("weights", "shares")}
    file.write_text(json.dumps(told), encoding="utf-8")
    pd.testing.assert_frame_equal(UpliftModel.load(tmp_path / "uplift").details(table), model.details(table))


def test_a_saved_model_of_a_users_table_scores_the_same(
    model: UpliftModel, table: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "uplift")
    loaded = UpliftModel.load(tmp_path / "uplift")
    assert loaded.columns == ("bargains", "annoyed", "noise", "region")
    pd.testing.assert_frame_equal(loaded.details(table), model.details(table))
    assert any(reason.startswith("annoyed:1") for reason in loaded.explain(table[table.annoyed > 0].head(1)).iloc[0])


def test_arms_are_named_and_others_left_out(table: pd.DataFrame) -> None:
    arms = table.assign(arm=np.where(table.offered > 0, "mail", "none")).drop(columns=["effect", "offered"])
    third = arms.iloc[:500].assign(arm="letter", came=1)
    found = train_from_table(
        pd.concat([arms, third]), "arm", "came", NOW, treated="mail", control="none", propensity="chance"
    )
    assert found.card is not None and found.card.rows == len(arms)
    assert "mail against none" in found.card.data
    numbered = arms.assign(arm=np.where(arms["arm"] == "mail", 1, 0))
    same = train_from_table(numbered, "arm", "came", NOW, treated="1", control="0", propensity="chance")
    assert same.card is not None and same.card.rows == len(arms)


def test_what_was_wanted_may_be_said_as_yes_and_no(table: pd.DataFrame) -> None:
    given = table.drop(columns="effect")
    words = given.assign(
        came=np.where(given["came"] > 0, "ja", "nein"), offered=np.where(given["offered"] > 0, "TRUE", "FALSE")
    )
    read, meant = (read_trial(each, "offered", "came", propensity="chance") for each in (words, given))
    pd.testing.assert_frame_equal(read, meant)
    assert 0 < read["outcome"].mean() < 1


def test_an_unknown_propensity_is_estimated_and_the_card_says_so() -> None:
    table = simulated(3000)
    random = np.random.default_rng(5)
    kept = random.random(len(table)) < np.where((table.offered > 0) == (table.bargains > 0.5), 1.0, 0.35)
    chosen = table[kept].drop(columns=["effect", "chance"])  # offers went to those who like bargains
    found = train_from_table(chosen, "offered", "came", NOW)
    assert found.card is not None and found.card.metrics["treatment_auc"] > 0.6
    assert "not drawn at random" in found.card.limits


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="came"), "lacks came"),
        (lambda t: t.assign(came=t.came * 2), "came must be 1 or 0.*not 2"),
        (lambda t: t.assign(offered=1), "100 customers in each arm; 0 are in the control group"),
        (lambda t: t.assign(came=0), "did the same"),
        (lambda t: t.assign(chance=1.0), "propensity must lie between 0 and 1"),
        (lambda t: t.assign(noise=np.nan), "noise"),
        (lambda t: t.assign(region=t.index), "region has .* different words"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_by_name(
    table: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(BadTable, match=message):
        train_from_table(change(table.drop(columns="effect")), "offered", "came", NOW, propensity="chance")


def test_a_shop_without_a_control_group_is_told_what_to_do(engine: Engine, tmp_path: Path) -> None:
    report = train_all(engine, tmp_path, NOW, trainers=(Trainer("uplift", train_uplift),))
    result = report.result("uplift")
    assert result.outcome is TrainOutcome.TOO_LITTLE_DATA
    assert "control group" in result.why and "next campaign" in result.why


def test_a_drawn_campaign_has_two_arms_and_keeps_the_chance(engine: Engine) -> None:
    ids = [f"C-{number}" for number in range(200)]
    campaign = Campaign("spring", "Spring", NOW - timedelta(days=30), CampaignOutcome.ORDER, 14)
    with engine.begin() as connection:
        rows = [{"customer_id": name, "created_at": NOW - timedelta(days=99)} for name in ids]
        connection.execute(insert(tables.customers), rows)
        chosen = draw_campaign(connection, campaign, ids, share=0.7, seed=1)
        members = read_members(connection, "spring")
        assert read_campaigns(connection, NOW) == [campaign]
        assert read_campaigns(connection, campaign.started_at) == []
    assert {member.customer_id for member in members if member.treated} == set(chosen)
    assert len(members) == 200 and 115 < len(chosen) < 165
    assert {member.propensity for member in members} == {0.7}


def test_a_campaign_without_a_control_group_is_refused() -> None:
    engine = create_engine("sqlite://")
    migrate(engine)
    campaign = Campaign("all", "To all", NOW, CampaignOutcome.ORDER, 14)
    with engine.begin() as connection, pytest.raises(BadCampaign, match=r"share of 1\.0"):
        draw_campaign(connection, campaign, ["C-1", "C-2"], share=1.0)

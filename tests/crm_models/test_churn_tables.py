"""Churn from a table of the user's own: what is read, what is refused, and what comes out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from crm_models.churn.candidates import CANDIDATES
from crm_models.churn.columns import Schema
from crm_models.churn.comparison import Plan
from crm_models.churn.labels import AT_RISK, meaning_left
from crm_models.churn.metrics import calibration_error
from crm_models.churn.table_model import TableChurn
from crm_models.churn.train import train_from_table
from crm_models.errors import BadTable

FAST = Plan(repeats=1, folds=3, candidates={name: CANDIDATES[name] for name in ("logistic", "shallow boosting")})


def customers(rows: int = 1500, seed: int = 3) -> pd.DataFrame:
    """Log-odds of leaving: -1.5, +2 on a monthly contract, -0.05 a month of tenure, +1 without support."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "client_id": np.arange(rows) + 70_000,
            "name": [f"Customer {number}" for number in range(rows)],
            "gender": random.choice(["f", "m"], rows),
            "contract": random.choice(["monthly", "yearly", "two years"], rows),
            "tenure": random.integers(1, 72, rows).astype(float),
            "support": random.random(rows) < 0.4,
            "charges": random.gamma(4, 15, rows),
            "country": "AT",
        }
    )
    log_odds = 0.5 + 2.0 * (table["contract"] == "monthly") - 0.05 * table["tenure"] - table["support"]
    table["chance"] = 1 / (1 + np.exp(-log_odds))
    table["churn"] = np.where(random.random(rows) < table["chance"], "yes", "no")
    table.loc[random.random(rows) < 0.1, "tenure"] = np.nan
    table.loc[random.random(rows) < 0.1, "contract"] = None
    return table


GIVEN = customers().drop(columns="chance")


@pytest.fixture(scope="module")
def model() -> TableChurn:
    return TableChurn("churn", plan=FAST).fit(GIVEN)


def test_the_chances_of_new_customers_are_found_and_calibrated(model: TableChurn) -> None:
    new = customers(4000, seed=4)
    left = (new["churn"] == "yes").to_numpy()
    chance = model.predict(new).to_numpy()
    assert roc_auc_score(left, chance) > roc_auc_score(left, new["chance"].to_numpy()) - 0.03
    assert calibration_error(chance, left) < 0.03
    at_risk = (model.label(new) == AT_RISK).to_numpy()
    assert left[at_risk].mean() > 2 * left[~at_risk].mean()


def test_who_people_are_is_not_read_and_a_sentence_says_so(model: TableChurn) -> None:
    assert model.columns == ("contract", "tenure", "support", "charges")
    told = " ".join(model.ignored)
    assert "client_id is ignored: it numbers the rows" in told
    assert "name is ignored: it says who somebody is" in told
    assert "gender is ignored: it names a protected characteristic" in told
    assert "country is ignored: it is the same in every row" in told


def test_a_protected_column_is_read_when_it_is_asked_for() -> None:
    assert "gender" in TableChurn("churn", keep=["gender"], plan=FAST).fit(GIVEN).columns
    with pytest.raises(BadTable, match="no column age to keep"):
        TableChurn("churn", keep=["age"], plan=FAST).fit(GIVEN)


def test_reasons_are_the_values_of_the_table(model: TableChurn) -> None:
    asked = pd.DataFrame(
        {"contract": ["monthly", None], "tenure": [2.0, 60.0], "support": [False, True], "charges": [60.0, np.nan]}
    )
    worst, best = model.explain(asked)
    assert worst[0] in ("contract=monthly", "tenure=2") and {"contract=monthly", "tenure=2", "support=0"} <= set(worst)
    assert not {"tenure=60", "support=1"} & set(best)


def test_a_new_category_and_a_gap_are_scored(model: TableChurn) -> None:
    asked = pd.concat([GIVEN.iloc[:1]] * 3, ignore_index=True)
    asked["contract"] = ["weekly", None, ""]
    scores = model.predict(asked)
    assert scores.nunique() == 1 and scores.between(0, 1).all()


@pytest.mark.parametrize("text", [" 12 ", "12", "12.0"])
def test_numbers_written_as_texts_are_numbers(model: TableChurn, text: str) -> None:
    asked = GIVEN.iloc[:1].drop(columns="tenure")
    assert model.predict(asked.assign(tenure=text)).iloc[0] == model.predict(asked.assign(tenure=12.0)).iloc[0]


def test_a_saved_model_scores_the_same(model: TableChurn, tmp_path: Path) -> None:
    model.version = "churn-test"
    model.save(tmp_path / "model")
    loaded = TableChurn.load(tmp_path / "model")
    pd.testing.assert_series_equal(loaded.predict(GIVEN), model.predict(GIVEN))
    pd.testing.assert_series_equal(loaded.explain(GIVEN[:50]), model.explain(GIVEN[:50]))
    assert (loaded.columns, loaded.ignored) == (model.columns, model.ignored)
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".npz"}


@pytest.mark.parametrize(
    ("target", "change", "told"),
    [
        ("left", {}, "no column 'left'"),
        ("churn", {"churn": lambda table: np.resize(["yes", "no", "maybe"], len(table))}, "two values.*has 3"),
        ("churn", {"churn": "no"}, "two values.*has 1: no"),
        ("churn", {"churn": lambda table: ["yes"] * 5 + ["no"] * (len(table) - 5)}, "there are 5 and 1495"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(target: str, change: dict[str, object], told: str) -> None:
    with pytest.raises(BadTable, match=told):
        TableChurn(target, plan=FAST).fit(GIVEN.assign(**change))


def test_a_table_of_ids_alone_is_refused() -> None:
    with pytest.raises(BadTable, match=r"no column to learn churn from.*client_id is ignored"):
        TableChurn("churn", plan=FAST).fit(GIVEN[["client_id", "name", "churn"]])


def test_a_missing_column_is_named(model: TableChurn) -> None:
    with pytest.raises(BadTable, match="lacks tenure"):
        model.predict(GIVEN.drop(columns="tenure"))


def test_the_rarer_value_means_left_unless_a_name_or_the_user_says_so() -> None:
    status = GIVEN["churn"].map({"yes": "former", "no": "present"})
    rarer = TableChurn("churn", plan=FAST).fit(GIVEN.assign(churn=status))
    assert rarer.left_value == status.value_counts().idxmin()
    told = TableChurn("churn", left_value="present", plan=FAST).fit(GIVEN.assign(churn=status))
    expected = 1 - rarer.predict(GIVEN) if rarer.left_value == "former" else rarer.predict(GIVEN)
    assert (told.predict(GIVEN) - expected).abs().max() < 0.05


@pytest.mark.parametrize(
    ("target", "left", "stayed"),
    [
        ("Kündigung", "ja", "nein"),
        ("résilié", "oui", "non"),
        ("status", "Inactive", "Active"),
        ("status", "not active", "active"),
        ("Attrition_Flag", "Attrited Customer", "Existing Customer"),
        ("outcome", "churn", "no churn"),
        ("retained", "0", "1"),
        ("IsActiveMember", "False", "True"),
        ("renewed", "no", "yes"),
    ],
)
def test_which_value_means_left_is_read_from_the_table_however_many_left(target: str, left: str, stayed: str) -> None:
    for rows in ({left: 900, stayed: 100}, {left: 100, stayed: 900}):
        assert meaning_left(target, rows)[0] == left


def test_few_who_left_among_many_are_all_compared_and_chances_stay_true() -> None:
    """Of 90 among 30,000 a plain sample of 2,000 would have six: too few to tell one candidate from another."""
    random = np.random.default_rng(8)
    table = pd.DataFrame({"calls": random.poisson(2.0, 30_000), "tenure": random.integers(1, 72, 30_000)})
    chance = 1 / (1 + np.exp(8.4 - 0.9 * table["calls"].clip(upper=6)))
    table["churn"] = np.where(random.random(len(table)) < chance, "yes", "no")
    left = (table["churn"] == "yes").to_numpy()
    assert 0.002 < left.mean() < 0.01
    plan = Plan(repeats=1, folds=3, most_rows=2_000, candidates=FAST.candidates)
    model = train_from_table(table, "churn", datetime(2026, 11, 1), plan=plan)
    assert model.card is not None and model.comparison is not None
    assert model.comparison.unseen_left.sum() == left.sum() and len(model.comparison.unseen_left) == 2_000
    told = model.card.metrics
    assert told["share_left"] == pytest.approx(left.mean())
    assert told["auc"] == pytest.approx(roc_auc_score(left, chance), abs=0.03)
    found = model.predict(table)
    assert found.sum() == pytest.approx(left.sum(), rel=0.1)
    for calls in (1, 4):  # as true among few calls as among many
        rows = (table["calls"] == calls).to_numpy()
        assert found[rows].mean() == pytest.approx(left[rows].mean(), rel=0.35)
    often = (table["calls"] >= 4).to_numpy()
    at_risk = (model.label(table) == AT_RISK).to_numpy()
    assert at_risk[often].mean() > 0.9 and at_risk.mean() < 0.5


def test_the_card_says_which_value_means_left_and_why() -> None:
    table = GIVEN.iloc[:300].assign(churn=GIVEN["churn"].map({"yes": "2", "no": "1"}))
    model = train_from_table(table, "churn", datetime(2026, 11, 1), plan=FAST)
    assert model.card is not None
    rarer = table["churn"].value_counts().idxmin()
    assert model.card.purpose == (
        f"The chance that churn is {rarer}, which means that the customer left, as fewer rows say so."
    )


def test_columns_of_a_german_table_are_known_for_what_they_are() -> None:
    rows = len(GIVEN)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) % 700, unit="D")
    table = GIVEN[["tenure", "contract", "churn"]].assign(
        Kundennummer=np.arange(rows) * 3,
        Zeile=np.arange(rows)[::-1],
        Vorname=np.where(np.arange(rows) % 3, "Anna", "Ben"),
        Geschlecht="w",
        Vertragsbeginn=days.strftime("%d.%m.%Y"),
        Abschluss=[day.date() for day in days],
    )
    table.loc[::2, "Geschlecht"] = "m"
    schema = Schema.of(table, "churn")
    assert schema.names == ("tenure", "contract")
    told = " ".join(schema.ignored)
    for name in ("Vertragsbeginn", "Abschluss"):
        assert f"{name} is ignored: it is a date; give the days since then as a number." in told
    for name in ("Kundennummer", "Zeile"):
        assert f"{name} is ignored: it numbers the rows." in told
    assert "Vorname is ignored: it says who somebody is." in told
    assert "Geschlecht is ignored: it names a protected characteristic." in told


def test_the_card_shows_every_candidate_and_why_one_serves() -> None:
    table = GIVEN.iloc[:300]
    plan = Plan(repeats=2, folds=2)
    model = train_from_table(table, "churn", datetime(2026, 11, 1), plan=plan)
    assert model.card is not None
    assert set(model.card.candidates) == {*CANDIDATES, "blend"}
    for scores in model.card.candidates.values():
        assert {"auc", "auc_spread", "pr_auc", "pr_auc_spread", "ece", "ece_spread"} <= set(scores)
    text = model.card.markdown()
    assert "serves" in text and "± " in text and "network" in text and "gender is ignored" in text
    again = train_from_table(table, "churn", datetime(2026, 11, 1), plan=plan)
    pd.testing.assert_series_equal(again.predict(GIVEN), model.predict(GIVEN))


def test_words_in_a_column_that_was_of_numbers_are_refused_when_scoring() -> None:
    table = customers(400)
    model = train_from_table(table.drop(columns="chance"), "churn", datetime(2026, 6, 1), plan=FAST)
    with pytest.raises(BadTable, match=r"charges was a column of numbers when the model was trained.*'12,50'"):
        model.predict(table.assign(charges="12,50"))
    many = table["charges"].astype(object).where(table.index % 2 == 0, "unknown")
    with pytest.raises(BadTable, match="now it says 'unknown'"):
        model.predict(table.assign(charges=many))
    gaps = table.assign(charges=None)
    assert model.predict(gaps).notna().all()  # missing is no mistake

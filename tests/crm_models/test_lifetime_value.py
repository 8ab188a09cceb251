"""Lifetime value as a customer model: the candidates, the interval, the reasons, and a table of one's own."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from crm_models.errors import BadTable
from crm_models.features import FEATURES, features_at
from crm_models.value.candidates import REGRESSION
from crm_models.value.model import LifetimeValue
from crm_models.value.own_table import purchase_history, train_from_table
from crm_models.value.predictive import Outlook
from crm_models.value.regression import Regression
from crm_models.value.table import value_cut_offs, value_table

START, NOW = datetime(2023, 1, 1), datetime(2025, 1, 1)


def purchases(customers: int, seed: int) -> pd.DataFrame:
    """A log of two years: rates are Gamma, lives exponential, amounts differ by customer."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        rate, life = random.gamma(1.5, 0.012), random.exponential(500.0)
        typical = random.lognormal(3.0, 0.4)
        day = random.uniform(0, 600)
        end = min(day + life, 730)
        while day < end:
            amount = round(float(random.gamma(6, typical / 6)), 2)
            rows.append((f"c{number:04d}", START + timedelta(days=int(day)), amount))
            day += max(random.exponential(1 / rate), 1.0)
    return pd.DataFrame(rows, columns=["customer_id", "date", "amount"])


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return purchases(1_500, 5)


@pytest.fixture(scope="module")
def known(log: pd.DataFrame) -> LifetimeValue:
    """Fitted on the first 18 months, for the half year after them."""
    day = NOW - timedelta(days=180)
    return train_from_table(log[log["date"] < day], day, horizon_days=180)


@pytest.fixture(scope="module")
def then(log: pd.DataFrame) -> pd.DataFrame:
    """The customers of that day, with what came."""
    table = value_table(purchase_history(log), [NOW - timedelta(days=180), NOW])
    return table[table["cut_off"] == NOW - timedelta(days=180)]


def test_what_is_expected_of_a_tables_customers_comes(known: LifetimeValue, then: pd.DataFrame) -> None:
    value, came = known.predict(then), then["future_cents"]
    assert value.sum() == pytest.approx(came.sum(), rel=0.15)
    assert came[value >= value.quantile(0.8)].mean() > 3 * came[value <= value.quantile(0.5)].mean()
    assert known.details(then)["expected_orders"].sum() == pytest.approx(then["future_orders"].sum(), rel=0.15)


def test_most_customers_end_within_their_interval(known: LifetimeValue, then: pd.DataFrame) -> None:
    details = known.details(then)
    inside = (details["low_cents"] <= then["future_cents"]) & (then["future_cents"] <= details["high_cents"])
    assert 0.76 <= inside.mean() <= 0.97  # 80 %, and more, as many have nothing at all as their lower end
    assert (details["low_cents"] <= known.predict(then)).all() and (details["high_cents"] >= 0).all()
    assert details["alive"].between(0, 1).all()


def test_the_served_candidate_had_the_least_error(known: LifetimeValue) -> None:
    assert known.comparison is not None and known.card is not None
    errors = {
        name.removeprefix("orders_rmse_"): value
        for name, value in known.card.metrics.items()
        if name.startswith("orders_rmse_")
    }
    assert set(errors) == {"bg_nbd", "pareto_nbd", "regression", "same_rate"}
    assert known.served == min((name for name in errors if name != "same_rate"), key=errors.__getitem__)
    assert errors[known.served] < errors["same_rate"]
    assert known.served in known.card.measured_on


def test_nothing_after_the_day_is_known(log: pd.DataFrame) -> None:
    day = NOW - timedelta(days=180)
    seen, unseen = (train_from_table(rows, day, 180) for rows in (log, log[log["date"] < day]))
    table = features_at(purchase_history(log), day)
    pd.testing.assert_series_equal(seen.predict(table), unseen.predict(table))


def test_a_longer_horizon_is_worth_more_and_a_margin_less(log: pd.DataFrame) -> None:
    half, year, earned = (train_from_table(log, NOW, *given) for given in ((180,), (365,), (365, 0.25)))
    table = features_at(purchase_history(log), NOW)
    assert half.predict(table).sum() < year.predict(table).sum()
    assert earned.predict(table).to_numpy() == pytest.approx(0.25 * year.predict(table).to_numpy())
    assert "25%" in earned.card.purpose  # type: ignore[union-attr]


def test_a_short_history_is_served_without_a_comparison(log: pd.DataFrame) -> None:
    early = log[log["date"] < START + timedelta(days=70)]
    model = train_from_table(early, START + timedelta(days=70))
    assert model.comparison is None and model.served == "pareto_nbd"
    assert "too short" in model.card.measured_on  # type: ignore[union-attr]


def test_days_before_keep_the_proportion_of_history_and_horizon(log: pd.DataFrame) -> None:
    days = value_cut_offs(purchase_history(log), NOW, 365)
    lengths = [(day - START).days for day in days]
    assert days[-1] == NOW
    assert lengths[0] / lengths[1] == pytest.approx(lengths[1] / lengths[2], abs=0.01)
    assert (lengths[2] - lengths[1]) / lengths[1] == pytest.approx(365 / lengths[2], abs=0.02)


def test_reasons_say_what_is_unusual(known: LifetimeValue, then: pd.DataFrame) -> None:
    told = known.explain(then)
    gone = then.index[(then["no_order_for"] > 400) & (then["orders"] > 5)]
    assert len(gone) and all(any(each.startswith("no_order_for:") for each in told[one][:2]) for one in gone)
    dear = (then["spent_cents"] / then["orders"]).idxmax()
    assert any(each.startswith("spent_cents:") for each in told[dear])


def test_a_column_that_matters_is_found_by_the_regression() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(8_000, 3))
    expected = random.gamma(2.0, 1.0, 8_000)
    orders = random.poisson(expected * np.exp(0.5 * values[:, 1] - 0.2)).astype(float)
    found = Regression.fit(values, expected, orders)
    assert found.weight == pytest.approx([0.0, 0.5, 0.0], abs=0.06)
    assert (found.correction(values) * expected).sum() == pytest.approx(orders.sum(), rel=0.02)
    with pytest.raises(BadTable, match="nobody ordered"):
        Regression.fit(values, expected, np.zeros(8_000))


def test_the_regression_is_served_where_service_decides() -> None:
    """Late parcels halve what is ordered after them; no probability model can know."""
    random = np.random.default_rng(6)
    history = purchase_history(purchases(1_200, 6))
    table = value_table(history, value_cut_offs(history, NOW, 365))
    late = random.random(len(table)) < 0.5
    table["late_deliveries"] = late * 3.0
    for name in ("future_orders", "future_cents"):
        table[name] = np.where(late, np.floor(table[name] * 0.2), table[name] * 2)
    model = LifetimeValue().fit(table)
    assert model.served == REGRESSION
    now = table[table["cut_off"] == NOW]
    value, orders = model.predict(now), now["orders"]
    several = orders == orders.median()
    assert (
        value[several & (now["late_deliveries"] > 0)].mean()
        < 0.5 * value[several & (now["late_deliveries"] == 0)].mean()
    )
    told = model.explain(now[now["late_deliveries"] > 0])
    assert sum("late_deliveries:3" in each for each in told) > 0.9 * len(told)


def test_quantiles_are_those_of_drawn_customers() -> None:
    """One kind of customer, drawn a hundred thousand times."""
    random = np.random.default_rng(0)
    shape, if_alive, alive, drawn = 2.0, 4.0, 0.7, 100_000
    here = random.random(drawn) < alive
    orders = random.poisson(random.gamma(shape, if_alive / shape, drawn)) * here
    outlook = Outlook(*(np.array([each]) for each in (alive, alive * if_alive, shape, 10.0, 0.0)))
    for level in (0.1, 0.5, 0.9):
        assert outlook.order_quantile(level)[0] == np.quantile(orders, level, method="inverted_cdf")
        # money is continuous here and orders are not: within one order
        assert outlook.spend_quantile(level)[0] == pytest.approx(10 * np.quantile(orders, level), abs=10.0)
    assert outlook.none()[0] == pytest.approx((orders == 0).mean(), abs=0.005)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="amount"), "lacks amount"),
        (lambda table: table.assign(date="soon"), "date must be a date"),
        (lambda table: table.assign(amount="ten"), "amount must be a number"),
        (lambda table: table.assign(customer_id=None), "customer_id must not be empty"),
        (lambda table: table.assign(amount=-1.0), "no purchase with an amount above 0"),
        (lambda table: table.head(20), "needs 50 customers"),
        (lambda table: table.drop_duplicates("customer_id"), "more than one day"),
    ],
)
def test_a_bad_table_is_refused_by_column_and_rule(log: pd.DataFrame, change, message: str) -> None:
    with pytest.raises(BadTable, match=message):
        train_from_table(change(log))


def test_returns_of_the_day_are_taken_off_and_gifts_count() -> None:
    table = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "a", "b"],
            "date": [
                "2024-01-01 09:00",
                "2024-01-01 10:00",
                "2024-02-01 09:00",
                "2024-02-01 12:00",
                "2024-03-01 08:00",
            ],
            "amount": ["30", "-10", "25", "-25", "0"],
        }
    )
    history = purchase_history(table.assign(date=pd.to_datetime(table["date"])))
    found = features_at(history, datetime(2024, 3, 2))
    assert list(found.columns) == list(FEATURES)
    assert found.loc["a", ["orders", "spent_cents", "ordering_for"]].tolist() == [1, 2000, 61]
    assert found.loc["b", ["orders", "spent_cents"]].tolist() == [1, 0]


def test_the_card_of_a_table_tells_when_it_was_trained_on_whom_and_what_is_left_out(log: pd.DataFrame) -> None:
    """The day of the last purchase is not the day of the training, nor are a customer's rows of the past customers."""
    back = pd.DataFrame({"customer_id": ["c0001", "c0002"], "date": [START - timedelta(days=9)] * 2, "amount": -1.0})
    trained_at = NOW + timedelta(days=12, hours=3)
    card = train_from_table(pd.concat([log, back]), trained_at=trained_at).card
    assert card is not None
    assert card.trained_at == trained_at and card.version == "value-20250113-030000"
    assert card.rows == log["customer_id"].nunique()
    assert card.data.endswith("what came back on a day without purchases is not taken off (2 days, 0.0% of the spend)")
    assert f"- rows: {card.rows:,}\n" in card.markdown() and "e+0" not in card.markdown()


def test_an_impossible_customer_is_refused(known: LifetimeValue, then: pd.DataFrame) -> None:
    broken = then.copy()
    broken.loc[broken.index[4], "no_order_for"] = broken["ordering_for"].iloc[4] + 5
    with pytest.raises(BadTable, match="recency"):
        known.predict(broken)

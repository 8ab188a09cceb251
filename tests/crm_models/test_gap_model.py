"""The gap between what customers look at and what they buy."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sqlalchemy import insert
from sqlalchemy.engine import Engine
from trained_shop import TrainedShop, truth_of

from crm_models import tables
from crm_models.churn.candidates import CANDIDATES
from crm_models.churn.comparison import Plan
from crm_models.churn.model import ChurnModel
from crm_models.churn.shop_table import scoring_table
from crm_models.database import create_engine, migrate, reading
from crm_models.errors import BadTable
from crm_models.features import FEATURES, features_at
from crm_models.gap_model.behaviour import behaviour_at
from crm_models.gap_model.measure import CHURN_GAIN, NEXT_GAIN
from crm_models.gap_model.model import GapModel
from crm_models.gap_model.portraits import BALANCED
from crm_models.history import History, read_history
from crm_models.registry.versions import current_folder
from crm_models.snapshot import ShopSnapshot

NAMES = ("audio", "cookware", "lighting")
HIDDEN = 40  # customers who look at cookware and buy none


def shop_table(rows: int = 600, seed: int = 2) -> pd.DataFrame:
    """Customers look at what they buy, but the first 40 also look at cookware."""
    random = np.random.default_rng(seed)
    taste = random.dirichlet([0.6] * 3, rows)
    bought = np.array([random.multinomial(6, share) for share in taste])
    looked = np.array([random.multinomial(10, share) for share in taste])
    bought[:HIDDEN, 1] = 0
    looked[:HIDDEN, 1] += 15
    columns = [f"looked_{name}" for name in NAMES] + [f"bought_{name}" for name in NAMES]
    index = pd.Index([f"C-{number:04}" for number in range(rows)], name="customer_id")
    return pd.DataFrame(np.hstack([looked, bought]).astype(float), index=index, columns=columns)


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, GapModel]:
    table = shop_table()
    return table, GapModel().fit(table)


def test_who_looks_and_does_not_buy_has_a_portrait_that_says_so(planted: tuple[pd.DataFrame, GapModel]) -> None:
    table, model = planted
    assert (model.label(table)[:HIDDEN] == "looks at cookware, buys none").mean() > 0.9
    assert (model.label(table)[HIDDEN:] == "looks at cookware, buys none").mean() < 0.1
    sizes = model.predict(table)
    assert sizes[:HIDDEN].mean() > 2 * sizes[HIDDEN:].mean()
    told = model.explain(table)[:HIDDEN]
    assert np.mean([bool(reasons) and reasons[0].startswith("looked_cookware:") for reasons in told]) > 0.9


def test_portraits_keep_their_names_in_another_training(planted: tuple[pd.DataFrame, GapModel]) -> None:
    _, model = planted
    again = GapModel().fit(shop_table(seed=9))
    assert "looks at cookware, buys none" in again.labels and again.labels[0] == model.labels[0] == BALANCED


def test_what_is_looked_at_in_vain_is_raised_in_recommendations(planted: tuple[pd.DataFrame, GapModel]) -> None:
    table, model = planted
    boosts = model.category_boosts(table)
    assert list(boosts.columns) == list(NAMES) and boosts.to_numpy().min() == 1.0
    assert boosts["cookware"][:HIDDEN].mean() > 1.5
    nothing = table.iloc[:1] * 0.0
    assert (model.category_boosts(nothing) == 1.0).all(axis=None) and model.predict(nothing).iloc[0] == 0


def test_few_looks_are_a_small_gap(planted: tuple[pd.DataFrame, GapModel]) -> None:
    table, model = planted
    asked = pd.concat([table.iloc[:1] * 0.0] * 2, ignore_index=True)
    asked["bought_audio"], asked["looked_cookware"] = 5.0, [1.0, 20.0]
    few, many = model.predict(asked)
    assert few < 0.25 < 0.5 < many


def test_a_shop_without_looks_is_told() -> None:
    table = shop_table()
    with pytest.raises(BadTable, match="looked at something and bought something"):
        GapModel().fit(table * 0.0)
    with pytest.raises(BadTable, match="two categories"):
        GapModel().fit(table[["bought_audio"]])


def test_the_card_says_what_the_gap_adds_and_churn_obeys(demo_shop: Engine, trained_shop: TrainedShop) -> None:
    gap = trained_shop.report.result("gap").metrics
    for names in (CHURN_GAIN, NEXT_GAIN):
        gain, low, high = (gap[name] for name in names)
        assert low <= gain <= high
    churn = trained_shop.report.result("churn").metrics
    assert churn["gap_is_used"] == float(gap[CHURN_GAIN[1]] > 0)
    assert churn[CHURN_GAIN[0]] == gap[CHURN_GAIN[0]]


def gap_churn(with_gap: bool) -> tuple[ChurnModel, pd.DataFrame]:
    """Who looks at cookware in vain leaves; nothing else tells."""
    random = np.random.default_rng(8)
    days = [datetime(2026, 1, 1) + timedelta(days=60 * number) for number in range(3)]
    parts = []
    for number, day in enumerate(days):
        table = shop_table(seed=20 + number)
        for column in FEATURES:
            table[column] = random.poisson(3, len(table)).astype(float)
        in_vain = np.arange(len(table)) < HIDDEN
        parts.append(table.assign(cut_off=day, left=random.random(len(table)) < np.where(in_vain, 0.9, 0.2)))
    plan = Plan(repeats=1, folds=3, candidates={"shallow boosting": CANDIDATES["shallow boosting"]})
    return ChurnModel(plan, with_gap=with_gap).fit(pd.concat(parts)), parts[0]


def test_churn_can_read_the_gap() -> None:
    plain, asked = gap_churn(with_gap=False)
    gapped, _ = gap_churn(with_gap=True)
    left = asked["left"].to_numpy()
    by_gap, without = (roc_auc_score(left, model.predict(asked).to_numpy()) for model in (gapped, plain))
    assert by_gap > without + 0.05
    parameters, arrays = gapped._parameters()
    again = ChurnModel()
    again._restore(parameters, arrays)
    pd.testing.assert_series_equal(again.predict(asked), gapped.predict(asked))
    pd.testing.assert_series_equal(again.explain(asked), gapped.explain(asked))


def test_searches_and_questions_that_name_a_category_count(engine: Engine) -> None:
    at = datetime(2026, 5, 1)
    with engine.begin() as connection:
        connection.execute(insert(tables.customers).values(customer_id="C-1", created_at=at))
        for number, (category, kind) in enumerate([("cookware", "pan"), ("coffee and tea", "kettle")]):
            connection.execute(
                insert(tables.products).values(
                    product_id=f"P-{number}", name="x", category=category, attributes={"type": kind}
                )
            )
        connection.execute(
            insert(tables.orders).values(order_id="O-1", customer_id="C-1", status="delivered", placed_at=at)
        )
        for number, (kind, product, query) in enumerate(
            [
                ("view", "P-0", None),
                ("search", None, "red Kettles"),
                ("search", None, "panorama"),
                ("cart", "P-1", None),
            ]
        ):
            connection.execute(
                insert(tables.browse_events).values(
                    event_id=number, customer_id="C-1", kind=kind, product_id=product, query=query,
                    created_at=at + timedelta(days=1),
                )
            )  # fmt: skip
        connection.execute(
            insert(tables.messages).values(
                event_id="m", conversation_id="w", customer_id="C-1", author="customer", text="Do you have COOKWARE?",
                created_at=at + timedelta(days=2),
            )
        )  # fmt: skip
    with reading(engine) as connection:
        history = read_history(connection)
    found = behaviour_at(history, at + timedelta(days=3)).loc["C-1"]
    assert (found["looked_cookware"], found["looked_coffee_and_tea"]) == (2, 1)
    assert behaviour_at(history, at + timedelta(days=2)).loc["C-1", "looked_cookware"] == 1


def scrambled(frame: pd.DataFrame, cut_off: datetime, random: np.random.Generator) -> pd.DataFrame:
    """What happens from the cut-off on happens to somebody else, and at another time."""
    frame = frame.copy()
    times = [name for name in frame if pd.api.types.is_datetime64_any_dtype(frame[name])]
    begins = next(name for name in ("placed_at", "changed_at", "created_at") if name in times)
    later = (frame[begins] >= cut_off).to_numpy()
    frame.loc[later, "customer_id"] = random.permutation(frame.loc[later, "customer_id"].to_numpy())
    for name in times:
        if name != "promised_on":
            ahead = (frame[name] >= cut_off).to_numpy()
            frame.loc[ahead, name] = cut_off + pd.to_timedelta(random.integers(0, 200, ahead.sum()), unit="D")
    return frame


def test_what_is_read_of_a_day_does_not_depend_on_what_comes_later(demo_shop: Engine) -> None:
    cut_off = datetime(2026, 3, 10, 15, 0)
    with reading(demo_shop) as connection:
        history = read_history(connection)
    random = np.random.default_rng(1)
    frames = {
        name: frame if name == "customers" else scrambled(frame, cut_off, random)
        for name, frame in vars(history).items()
    }
    other = History(**frames)
    assert not other.looks.equals(history.looks)
    before, after = (scoring_table(features_at(each, cut_off), each, cut_off) for each in (history, other))
    pd.testing.assert_frame_equal(after, before)


def test_who_truly_left_is_found_better_than_by_recency(demo_shop: Engine, trained_shop: TrainedShop) -> None:
    """Against the hidden truth of the generator, which no model has seen."""
    folder = current_folder(trained_shop.folder, "churn")
    assert folder is not None
    model = ChurnModel.load(folder)
    table = ChurnModel.table_of(ShopSnapshot(demo_shop, trained_shop.now))
    table = table[table["no_order_for"] <= 365]
    gone = pd.read_csv(truth_of(demo_shop), index_col="customer_id")["churned"].reindex(table.index).to_numpy()
    by_model = roc_auc_score(gone, model.predict(table).to_numpy())
    assert by_model > roc_auc_score(gone, table["no_order_for"].to_numpy()) + 0.03


def test_an_empty_shop_has_no_behaviour() -> None:
    engine = create_engine("sqlite://")
    migrate(engine)
    with reading(engine) as connection:
        assert behaviour_at(read_history(connection), datetime(2026, 1, 1)).empty

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from shop_fixture import NOW
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Engine

from crm_models.catalogue import product_card
from crm_models.database import reading
from crm_models.errors import BadModel, BadTable
from crm_models.offers import decline_offer, propose_recommendation
from crm_models.purchase_log import ProductText, PurchaseLog, read_purchases
from crm_models.recommend.evaluation import evaluate_recommender, leave_last_out
from crm_models.recommend.item_similarity import SHRINKAGE, SUPPORT, nearest_products
from crm_models.recommend.model import Recommender
from crm_models.shop_policy import ShopPolicy, write_policy
from crm_models.tables import items, order_lines, orders, products
from demo.seed import DEFAULT_UNTIL

UNTIL = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)


def log_of(baskets: list[tuple[int, list[int]]], texts: list[str]) -> PurchaseLog:
    """A log from (customer, products of one order), one order a day."""
    rows = [(who, order, what) for order, (who, basket) in enumerate(baskets) for what in basket]
    customer, order, product = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return PurchaseLog(
        products=tuple(ProductText(f"P-{number}", "all", text.split()[0], text) for number, text in enumerate(texts)),
        customers=tuple(f"C-{number}" for number in range(int(customer.max()) + 1)),
        customer=customer,
        order=order,
        product=product,
        day=order.astype(np.float64),
    )


@pytest.fixture(scope="module")
def trained(demo_shop: Engine) -> Recommender:
    with reading(demo_shop) as connection:
        return Recommender().fit(read_purchases(connection), UNTIL)


def name(connection: Connection, product_id: str | None) -> str:
    card = product_card(connection, product_id or "")
    return card.name if card else ""


def test_similarity_agrees_with_a_correlation_matrix_times_its_shrinkage() -> None:
    chance = np.random.default_rng(3)
    bought = chance.random((60, 8)) < 0.4
    bought[:, 0] |= ~bought.any(axis=1)  # everybody bought something
    log = log_of([(who, np.flatnonzero(row).tolist()) for who, row in enumerate(bought)], ["x"] * 8)
    buyers = bought.sum(axis=0)
    common = bought.astype(int).T @ bought.astype(int)
    # one order each: customers and baskets are the same, so everything counts twice
    near = 2 * np.maximum(np.corrcoef(bought, rowvar=False), 0) * common / (common + SHRINKAGE)
    near *= np.sqrt(np.log1p(buyers / buyers.mean()))
    rarer = np.minimum.outer(buyers, buyers)
    expected = rarer / (rarer + SUPPORT) * near  # "x" is no word, so descriptions add nothing
    np.fill_diagonal(expected, 0)
    found = nearest_products(log, 7)
    dense = np.zeros((8, 8))
    np.put_along_axis(dense, found.product.astype(np.int64), found.score, axis=1)
    assert np.allclose(dense, expected, atol=1e-5)


def test_what_is_bought_together_is_suggested_and_says_why() -> None:
    apart = [(who, [0, 1]) for who in range(30)] + [(who, [2, 3]) for who in range(30, 60)]
    model = Recommender().fit(log_of(apart, ["kettle", "tea", "lamp", "bulb"]), NOW)
    scores = model.scores({0: 1.0})
    assert scores.argmax() == 1
    assert scores[[2, 3]].max() == 0


def test_a_product_nobody_bought_is_found_by_its_description() -> None:
    texts = [
        "grinder for espresso coffee beans",
        "beans espresso roast coffee",
        "lamp warm reading light",
        "portafilter for espresso coffee",
    ]
    log = log_of([(who, [who % 3]) for who in range(40)], texts)
    assert Recommender().fit(log, NOW).scores({0: 1.0}).argmax() == 3


def test_who_has_a_kettle_wants_no_other_but_tea_again() -> None:
    kettles = [(who, [who % 2]) for who in range(60)]
    teas = [(who, [2 + turn]) for who in range(60) for turn in range(2)]
    model = Recommender().fit(log_of(kettles + teas, ["kettle small", "kettle large", "tea green", "tea black"]), NOW)
    assert model.fresh({0: 1.0}).tolist() == [False, False, True, True]
    assert model.fresh({2: 1.0}).tolist() == [True, True, False, True]


def test_it_beats_what_is_popular(demo_shop: Engine) -> None:
    with reading(demo_shop) as connection:
        rates = evaluate_recommender(read_purchases(connection))
    assert rates is not None and rates.customers > 500
    assert rates.model > 1.2 * rates.popularity


def test_what_is_held_out_is_not_learned_from(demo_shop: Engine) -> None:
    with reading(demo_shop) as connection:
        log = read_purchases(connection)
    held = leave_last_out(log)
    for customer in list(held.next_new)[:100]:
        known = set(held.history.product[held.history.customer == customer].tolist())
        assert known and held.next_new[customer] and known.isdisjoint(held.next_new[customer])


def test_a_suggestion_is_in_stock_new_and_explained(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        found = trained.suggest(connection, "C-000002")
        own = set(
            connection.execute(
                select(items.c.product_id)
                .join(order_lines, order_lines.c.item_id == items.c.item_id)
                .join(orders, orders.c.order_id == order_lines.c.order_id)
                .where(orders.c.customer_id == "C-000002")
            ).scalars()
        )
        assert found is not None
        card = product_card(connection, found.product_id)
    assert card is not None and card.in_stock
    assert found.product_id not in own
    assert found.because_product_id in own


def test_a_visitor_gets_what_sells_now(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        found = trained.suggest(connection, None)
    assert found is not None and found.because_product_id is None
    assert trained.catalogue.row[found.product_id] in np.argsort(-trained.popularity)[:5]


@pytest.mark.parametrize(
    ("word", "categories", "part"),
    [
        ("audio", {"audio"}, ""),
        ("coffee", {"coffee and tea"}, ""),
        ("vacuums", {"vacuum and cleaning"}, ""),
        ("headphones", {"audio"}, "phones"),
        ("kettle", {"kitchen appliances", "coffee and tea"}, "kettle"),
    ],
)
def test_a_word_limits_the_suggestion(
    demo_shop: Engine, trained: Recommender, word: str, categories: set[str], part: str
) -> None:
    with reading(demo_shop) as connection:
        for customer_id in (None, "C-000005"):
            found = trained.suggest(connection, customer_id, category=word)
            assert found is not None
            card = product_card(connection, found.product_id)
            assert card is not None and card.category in categories
            assert part in card.name.lower()


def test_a_word_that_means_nothing_here_finds_nothing(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        assert trained.suggest(connection, "C-000005", category="lawn mowers") is None


@pytest.fixture
def small(shop: Connection) -> tuple[Connection, Recommender]:
    return shop, Recommender().fit(read_purchases(shop), NOW)


def test_what_is_sold_out_is_not_suggested(small: tuple[Connection, Recommender]) -> None:
    connection, model = small
    first = model.suggest(connection, "C-000002")
    assert first is not None
    connection.execute(update(items).where(items.c.product_id == first.product_id).values(stock=0))
    second = model.suggest(connection, "C-000002")
    assert second is not None and second.product_id != first.product_id
    connection.execute(update(items).values(stock=0))
    assert model.suggest(connection, "C-000002") is None
    assert model.suggest(connection, None) is None


def test_what_was_declined_is_not_suggested_again(small: tuple[Connection, Recommender]) -> None:
    connection, model = small
    first = model.suggest(connection, "C-000001")
    assert first is not None
    offer = propose_recommendation(connection, "C-000001", "web-1", first.product_id, "because", "r", NOW)
    decline_offer(connection, offer.offer_id, NOW)
    second = model.suggest(connection, "C-000001")
    assert second is None or second.product_id != first.product_id


def test_a_shop_that_wants_no_recommendations_makes_none(small: tuple[Connection, Recommender]) -> None:
    connection, model = small
    write_policy(connection, ShopPolicy(recommendations=False))
    assert model.suggest(connection, "C-000001") is None


def test_a_product_added_after_training_does_no_harm(small: tuple[Connection, Recommender]) -> None:
    connection, model = small
    connection.execute(insert(products).values(product_id="P-NEW", name="New", category="audio"))
    connection.execute(insert(items).values(item_id="NEW", product_id="P-NEW", price_cents=1, stock=1))
    connection.execute(insert(order_lines).values(order_id="HV-100001", item_id="NEW", price_cents=1))
    assert model.suggest(connection, "C-000001") is not None


def test_saving_and_loading_changes_nothing(demo_shop: Engine, trained: Recommender, tmp_path: Path) -> None:
    trained.save(tmp_path / "recommendation")
    trained.save(tmp_path / "recommendation")  # over the old one
    loaded = Recommender.load(tmp_path / "recommendation")
    assert loaded.version == trained.version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recommendation"]
    with reading(demo_shop) as connection:
        for customer_id in (None, "C-000001", "C-000005", "C-000300"):
            assert loaded.suggest(connection, customer_id) == trained.suggest(connection, customer_id)


def test_a_damaged_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="rapport train"):
        Recommender.load(tmp_path)
    (tmp_path / "model.json").write_text('{"kind": "churn"}')
    np.savez(tmp_path / "arrays.npz", once=np.zeros(1))
    with pytest.raises(BadModel, match="'churn', not 'recommendation'"):
        Recommender.load(tmp_path)
    (tmp_path / "model.json").write_text('{"kind": "recommendation", "version": "1"}')
    with pytest.raises(BadModel, match="product_ids"):
        Recommender.load(tmp_path)


def test_a_shop_without_products_cannot_be_fitted(connection: Connection) -> None:
    with pytest.raises(BadTable, match="no products"):
        Recommender().fit(read_purchases(connection), NOW + timedelta(days=1))


def test_a_shop_without_orders_suggests_something_in_stock(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(products).values(product_id="P-1", name="Lamp", category="lighting"))
        connection.execute(insert(items).values(item_id="I-1", product_id="P-1", price_cents=1, stock=1))
        found = Recommender().fit(read_purchases(connection), NOW).suggest(connection, None)
    assert found is not None and found.product_id == "P-1"


def test_serving_needs_neither_pandas_nor_scikit_learn() -> None:
    code = (
        "import sys, crm_models.offers, crm_models.recommend.model as r; r.Recommender();"
        "print(sorted({'pandas', 'sklearn', 'scipy', 'torch', 'pyarrow'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

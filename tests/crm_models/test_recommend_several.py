"""Several suggestions at once for the CRM and the web, and why each is made."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from shop_fixture import NOW
from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Engine

from crm_models.consents import Purpose, has_consent
from crm_models.database import reading
from crm_models.offers import decline_offer, propose_recommendation
from crm_models.purchase_log import ProductText, PurchaseLog, read_purchases
from crm_models.recommend.candidates import BACKWARDS, follower_neighbours, nearest, text_neighbours
from crm_models.recommend.choice import choose_blend, sequences_of
from crm_models.recommend.evaluation import leave_last_out
from crm_models.recommend.model import Blend, Recommender
from crm_models.recommend.rules import Catalogue, diverse, read_bought
from crm_models.recommend.sequence_training import SequenceSettings, train_sequence
from crm_models.shop_policy import ShopPolicy, write_policy
from crm_models.tables import customers, items
from demo.seed import DEFAULT_UNTIL

UNTIL = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)
FULL = Blend({"item_to_item": 1.0, "factors": 0.5, "texts": 0.5}, 0.5)


@pytest.fixture(scope="module")
def log(demo_shop: Engine) -> PurchaseLog:
    with reading(demo_shop) as connection:
        return read_purchases(connection)


@pytest.fixture(scope="module")
def trained(log: PurchaseLog) -> Recommender:
    settings = SequenceSettings(hidden=16, blocks=1, epochs=2)
    sequence = train_sequence(sequences_of(log), [[]] * len(log.products), None, settings).model
    return Recommender().fit(log, UNTIL, FULL, sequence)


def agreeing(connection: Connection, wanted: bool = True) -> str:
    """A customer who bought several things and agreed to personalisation, or did not."""
    for customer_id in connection.execute(select(customers.c.customer_id).order_by(customers.c.customer_id)).scalars():
        if has_consent(connection, customer_id, Purpose.PERSONALISATION) == wanted:
            return str(customer_id)
    raise AssertionError("no such customer")


def test_suggestions_are_of_different_types_new_and_in_stock(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        customer_id = agreeing(connection)
        found = trained.recommend(connection, customer_id, 6)
        own = read_bought(connection, customer_id, trained.catalogue.row)
        stock = select(items.c.product_id).where(items.c.stock > 0)
        there = set(connection.execute(stock).scalars())
    rows = [trained.catalogue.row[each.product_id] for each in found]
    kinds = [trained.catalogue.types[row] for row in rows if trained.catalogue.types[row]]
    assert len(found) == 6 and len(set(rows)) == 6 and len(set(kinds)) == len(kinds)
    assert not set(rows) & set(own)
    assert {each.product_id for each in found} <= there
    assert trained.fresh(own)[rows].all()


def test_the_purchase_named_is_the_one_that_speaks_most_for_it(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        customer_id = agreeing(connection)
        bought = read_bought(connection, customer_id, trained.catalogue.row)
        found = [each for each in trained.recommend(connection, customer_id, 5) if each.because_product_id]
    bought = {row: weight for row, weight in bought.items() if weight > 0}
    assert found
    for each in found:
        row, because = trained.catalogue.row[each.product_id], trained.catalogue.row[str(each.because_product_id)]
        without = {
            own: trained.scores({other: weight for other, weight in bought.items() if other != own})[row]
            for own in bought
        }
        assert without[because] < each.score
        assert without[because] == pytest.approx(min(without.values()), abs=1e-4)


def test_without_consent_it_is_what_is_popular(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        found = trained.recommend(connection, agreeing(connection, wanted=False), 5)
        assert found == trained.recommend(connection, None, 5)
    assert len(found) == 5 and all(each.because_product_id is None for each in found)


def test_a_boosted_category_comes_forward(demo_shop: Engine, trained: Recommender) -> None:
    with reading(demo_shop) as connection:
        customer_id = agreeing(connection)
        boosted = trained.recommend(connection, customer_id, 1, boosts={"audio": 100.0})
        assert trained.catalogue.categories[trained.catalogue.row[boosted[0].product_id]] == "audio"
        with pytest.raises(ValueError, match="'audio' is -1"):
            trained.recommend(connection, customer_id, 1, boosts={"audio": -1.0})


def test_declined_sold_out_and_switched_off(shop: Connection) -> None:
    model = Recommender().fit(read_purchases(shop), NOW)
    first = model.recommend(shop, "C-000001", 3)
    assert first
    offer = propose_recommendation(shop, "C-000001", "web-1", first[0].product_id, "because", "r", NOW)
    decline_offer(shop, offer.offer_id, NOW)
    assert first[0].product_id not in {each.product_id for each in model.recommend(shop, "C-000001", 3)}
    write_policy(shop, ShopPolicy(recommendations=False))
    assert model.recommend(shop, "C-000001", 3) == ()
    write_policy(shop, ShopPolicy())
    shop.execute(update(items).values(stock=0))
    assert model.recommend(shop, "C-000001", 3) == ()


def test_variety_costs_the_like_and_keeps_the_best() -> None:
    catalogue = Catalogue.of(["a", "b", "c", "d"], ["x", "x", "x", "y"], ["kettle", "kettle", "pan", "lamp"])
    assert diverse([0, 1, 2, 3], [1.0, 0.95, 0.9, 0.7], catalogue, 3) == [0, 3, 2]


def test_faiss_finds_the_cosines_of_a_naive_search() -> None:
    vectors: NDArray[np.float32] = np.random.default_rng(2).normal(size=(30, 5)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = np.maximum(unit @ unit.T, 0)
    np.fill_diagonal(cosine, 0)
    table = nearest(vectors, 4)
    assert np.allclose(table.score, -np.sort(-cosine, axis=1)[:, :4], atol=1e-5)


def test_alike_texts_are_neighbours() -> None:
    table = text_neighbours(["espresso grinder", "reading lamp", "espresso cups", "floor lamp"], 1, 7)
    assert table.product[:, 0].tolist() == [2, 3, 0, 1]


def test_a_sequence_model_that_adds_nothing_is_left_out(log: PurchaseLog) -> None:
    held = leave_last_out(log)
    untrained = SequenceSettings(hidden=8, blocks=1, epochs=1, learning_rate=1e-9)
    choice = choose_blend(held, sorted(held.next_new)[:200], 7, untrained)
    assert choice.sequence is None and choice.blend.sequence == 0
    assert choice.measures["blend"] >= choice.measures["item_to_item"]
    assert choice.blend == choose_blend(held, sorted(held.next_new)[:200], 7, untrained).blend


def test_the_best_of_many_are_those_of_a_full_sort(trained: Recommender) -> None:
    for bought in ({}, {3: 1.0}, {1: 0.5, 40: 1.0}):
        rows, scores = trained.best(bought, 10)
        assert rows.tolist() == np.lexsort((-trained.popularity, -scores))[:10].tolist()


def test_what_is_bought_soon_after_follows_and_less_so_the_other_way_round() -> None:
    # Two customers, four orders: 0 | 1 2 | 3 and 0 | 1
    small = PurchaseLog(
        products=tuple(ProductText(f"p{row}", "all", "", "") for row in range(5)),
        customers=("a", "b"),
        customer=np.array([0, 1, 0, 0, 1, 0]),
        order=np.array([10, 20, 11, 11, 21, 12]),
        product=np.array([0, 0, 1, 2, 1, 3]),
        day=np.arange(6.0),
    )
    found = follower_neighbours(small, 4)
    near = {
        (row, int(other)): float(score)
        for row in range(5)
        for other, score in zip(found.product[row], found.score[row], strict=True)
        if score
    }
    sold = np.array([2, 2, 1, 1, 0]) + 1.0
    expected = {(0, 1): 2.0, (0, 2): 1.0, (0, 3): 0.5, (1, 2): 1.0, (1, 3): 1.0, (2, 3): 1.0}
    expected |= {(after, first): BACKWARDS * count for (first, after), count in expected.items()}
    assert near.keys() == expected.keys()
    for (first, after), count in expected.items():
        assert near[first, after] == pytest.approx(count / np.sqrt(sold[first] * sold[after]))
    assert list(found.product[0][:3]) == [1, 2, 3]  # best first


def test_nothing_follows_where_nothing_was_bought() -> None:
    none = np.zeros(0, dtype=np.int64)
    empty = PurchaseLog((ProductText("p0", "all", "", ""),), (), none, none, none, np.zeros(0))
    assert not follower_neighbours(empty, 3).score.any()

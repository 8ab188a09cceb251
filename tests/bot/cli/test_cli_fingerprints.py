"""What must be trained again, and what must not."""

from __future__ import annotations

import shutil
from datetime import datetime

import pytest
from sqlalchemy import insert, update

from bot.cli.fingerprints import (
    bot_fingerprint,
    customer_fingerprint,
    index_fingerprint,
    note_trained,
    read_trained,
    taught_fingerprint,
)
from bot.settings import PROJECT
from crm_models.database import create_engine, migrate
from crm_models.shop_policy import write_fact
from crm_models.tables import customers, orders, products

NOW = datetime(2026, 11, 1)


@pytest.fixture
def project(tmp_path):
    """A copy of what the bot's model is made from."""
    shutil.copy(PROJECT / "config.yml", tmp_path)
    for folder in ("data", "domain", "nlu"):
        shutil.copytree(PROJECT / "bot" / folder, tmp_path / "bot" / folder)
    return tmp_path


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(insert(customers).values(customer_id="C-1", created_at=NOW))
        connection.execute(insert(products).values(product_id="P-1", name="Kettle", category="kitchen"))
        connection.execute(insert(orders).values(order_id="HV-1", customer_id="C-1", status="pending", placed_at=NOW))
        yield connection


@pytest.mark.parametrize("file", ["config.yml", "bot/data/rules.yml", "bot/domain/shop.yml", "bot/nlu/encoder.py"])
def test_the_bot_is_trained_again_when_a_source_of_it_changes(project, file):
    before = bot_fingerprint(project)
    assert bot_fingerprint(project) == before
    with (project / file).open("a") as written:
        written.write("# changed\n")
    assert bot_fingerprint(project) != before


def test_the_bot_learns_from_tickets_that_came_since_and_not_again_without_any():
    assert taught_fingerprint(PROJECT, []) == bot_fingerprint(PROJECT)
    one = taught_fingerprint(PROJECT, [("where can I park?", "Behind the shop.")])
    assert one != bot_fingerprint(PROJECT)
    assert taught_fingerprint(PROJECT, [("where can I park?", "In the yard.")]) != one


def test_the_customer_models_follow_new_orders_and_products(connection):
    before = customer_fingerprint(connection, PROJECT)
    row = {"order_id": "HV-2", "customer_id": "C-1", "status": "pending", "placed_at": NOW}
    connection.execute(insert(orders).values(**row))
    after = customer_fingerprint(connection, PROJECT)
    assert after != before
    connection.execute(update(products).values(name="Teapot"))
    assert customer_fingerprint(connection, PROJECT) != after


def test_the_customer_models_stay_when_an_order_is_cancelled_or_an_article_comes(connection):
    before = customer_fingerprint(connection, PROJECT)
    connection.execute(update(orders).values(status="cancelled"))
    write_fact(connection, "articles", ["returns"])
    assert customer_fingerprint(connection, PROJECT) == before


def test_the_index_follows_articles_and_encoder():
    one = index_fingerprint("encoder", {"a.md": ("a", "1"), "b.md": ("b", "1")}, 20_000)
    assert index_fingerprint("encoder", {"b.md": ("b", "1"), "a.md": ("a", "1")}, 20_000) == one
    assert index_fingerprint("encoder", {"a.md": ("a", "2"), "b.md": ("b", "1")}, 20_000) != one
    assert index_fingerprint("other", {"a.md": ("a", "1"), "b.md": ("b", "1")}, 20_000) != one


def test_a_damaged_note_means_training_again(tmp_path):
    note_trained(tmp_path, bot={"model": "a"})
    note_trained(tmp_path, index="b")
    assert read_trained(tmp_path) == {"bot": {"model": "a"}, "index": "b"}
    (tmp_path / "trained.json").write_text("{")
    assert read_trained(tmp_path) == {}

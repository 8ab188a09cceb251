"""Writing the demo shop into a database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Engine

from crm_models.database import create_engine, migrate, reading
from crm_models.errors import ShopNotEmpty
from crm_models.shop_policy import ShopPolicy, read_facts, read_policy
from crm_models.tables import customers, shop, staff
from demo.seed import DEFAULT_UNTIL, seed_shop


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    migrate(engine)
    return engine


def test_an_empty_database_becomes_the_demo_shop(engine: Engine, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    report = seed_shop(
        engine,
        customers=20,
        progress=lambda *step: steps.append(step),
        truth_file=tmp_path / "home" / "demo_truth.csv",
    )
    with reading(engine) as connection:
        facts = read_facts(connection)
        assert (facts.name, facts.currency, facts.source) == ("Hearth & Volt", "EUR", "demo")
        assert read_policy(connection) == ShopPolicy()
        told = dict(connection.execute(select(shop.c.key, shop.c.value)).all())
        assert told["is_demo"] is True
        assert told["demo"] == {"seed": 7, "until": DEFAULT_UNTIL.isoformat(), "customers": 20}
        assert connection.execute(select(func.count()).select_from(customers)).scalar_one() == 20
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert report.rows["customers"] == 20
    assert report.open_orders >= 4
    assert report.truth_file is not None
    assert len(report.truth_file.read_text().splitlines()) == 21
    assert ("customers", 20, 20) in steps
    assert steps[-1][1] == steps[-1][2]


def test_a_used_database_is_left_alone(engine: Engine) -> None:
    seed_shop(engine, customers=6)
    with pytest.raises(ShopNotEmpty, match=r"already holds 6 customers.*--replace"):
        seed_shop(engine, customers=10)
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(customers)).scalar_one() == 6


def test_replacing_keeps_the_staff(engine: Engine) -> None:
    seed_shop(engine, customers=6)
    with engine.begin() as connection:
        connection.execute(insert(staff).values(username="mia", display_name="Mia", password_hash="x", role="agent"))
    report = seed_shop(engine, seed=8, customers=9, replace=True)
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(customers)).scalar_one() == 9
        assert connection.execute(select(staff.c.username)).scalars().all() == ["mia"]
    assert report.seed == 8


def test_the_personas_are_always_there(engine: Engine) -> None:
    assert seed_shop(engine, customers=1).rows["customers"] == 6

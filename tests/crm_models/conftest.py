"""A migrated database in memory, and the same functions on PostgreSQL where there is one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pytest
from shop_fixture import fill_shop
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from trained_shop import TrainedShop, truth_of

from crm_models.database import create_engine, migrate
from crm_models.train import train_all
from demo.seed import DEFAULT_UNTIL, seed_shop


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@pytest.fixture(scope="session")
def demo_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The demo shop with fewer customers, for models; tests only read it, or copy it."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('demo')}/rapport.db")
    migrate(engine)
    seed_shop(engine, customers=700, truth_file=truth_of(engine))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def trained_shop(demo_shop: Engine, tmp_path_factory: pytest.TempPathFactory) -> TrainedShop:
    """Trained once for every test; nobody writes into the folder."""
    folder, now = tmp_path_factory.mktemp("models"), datetime.combine(DEFAULT_UNTIL, time())
    steps: list[tuple[str, int, int]] = []
    report = train_all(demo_shop, folder, now, seed=7, progress=lambda *step: steps.append(step))
    return TrainedShop(folder, report, steps, now)


@pytest.fixture
def shop(engine: Engine) -> Iterator[Connection]:
    """A transaction in the small shop of `shop_fixture`."""
    with engine.begin() as connection:
        fill_shop(connection)
        yield connection


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def shop_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The small shop in a database that several connections share, of each kind."""
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    else:
        engine = _in_new_schema(request.getfixturevalue("postgres_url"))
    migrate(engine)
    with engine.begin() as connection:
        fill_shop(connection)
    yield engine
    engine.dispose()


def _in_new_schema(url: str) -> Engine:
    """The database of the session is shared; a schema of its own is as good as an empty one."""
    schema = f"test_{uuid.uuid4().hex[:12]}"
    database = create_engine(url)
    with database.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    database.dispose()
    return create_engine(f"{url}?options=-csearch_path%3D{schema}")

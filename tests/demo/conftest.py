from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

import pytest
from sqlalchemy.engine import Connection, Engine

from crm_models.database import create_engine, migrate, reading
from demo.generate import DemoData, generate
from demo.seed import DEFAULT_SEED, DEFAULT_UNTIL, seed_shop


@pytest.fixture(scope="session")
def data() -> DemoData:
    """A shop large enough to learn from."""
    return generate(DEFAULT_SEED, DEFAULT_UNTIL, customers=1500)


@pytest.fixture(scope="session", params=[(7, DEFAULT_UNTIL), (23, date(2027, 2, 28))], ids=["usual", "other"])
def seeded(request: pytest.FixtureRequest) -> tuple[Engine, datetime]:
    """A small seeded shop and its last moment, twice: for another seed and day the personas are the same."""
    seed, until = request.param
    engine = create_engine("sqlite://")
    migrate(engine)
    seed_shop(engine, seed=seed, until=until, customers=60)
    return engine, datetime.combine(until, time())


@pytest.fixture
def shop(seeded: tuple[Engine, datetime]) -> Iterator[Connection]:
    with reading(seeded[0]) as connection:
        yield connection


@pytest.fixture
def now(seeded: tuple[Engine, datetime]) -> datetime:
    return seeded[1]

"""The stack with PostgreSQL and Redis and two workers of the bot: killed in the middle, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.cli import prepare, shop
from bot.cli.config import Config
from bot.cli.display import step
from tests.homes import config_of
from tests.resilience.running import Running, copy_home
from tests.resilience.scene import killed_while_they_write
from tests.services import REDIS_PORT

pytestmark = pytest.mark.services

CUSTOMERS = 60
TALK = ("Hello", "Where is my order?", "What does the warranty cover?", "How many points do I have?", "Thank you")


@pytest.fixture(scope="module")
def large(
    trained: Config, postgres_url: str, redis_host: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """`rapport up` with everything shared that several machines would share."""
    home = tmp_path_factory.mktemp("large") / "home"
    copy_home(trained.home, home)
    config = config_of(
        home,
        database_url=postgres_url,
        tracker_url=postgres_url,
        redis_host=redis_host,
        redis_port=REDIS_PORT,
        bot_workers=2,
    )
    engine = prepare.open_database(config)
    with step("Seeding a small demo shop") as progress:
        shop.seed(config, engine, progress, customer_count=CUSTOMERS)
    prepare.train(config, engine)
    engine.dispose()
    settings = {
        "RAPPORT_REDIS_HOST": redis_host,
        "RAPPORT_REDIS_PORT": str(REDIS_PORT),
        "RAPPORT_BOT_WORKERS": "2",
    }
    found = Running(config, settings)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.mark.parametrize("victim", ["bot", "projector"])
def test_killed_while_customers_write(large: Running, victim: str) -> None:
    customers = [large.customer(), large.customer("C-000001"), large.customer("C-000002"), large.customer()]
    killed_while_they_write(large, customers, TALK, victim)

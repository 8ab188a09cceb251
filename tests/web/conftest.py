from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from crm_models.database import create_engine, migrate
from crm_models.staff import seed_demo_staff
from crm_models.tables import customers, items, order_lines, orders, products
from crm_models.tokens import issue_token
from tests.web.fake_bot import FakeBot
from tests.web.serving import Server, free_port
from tests.web.visitor import Visitor
from web.app import create_app
from web.services import utc_now
from web.settings import Keys, WebSettings

KEYS = Keys(token_key="t" * 40, session_key="s" * 40, bot_key="b" * 40)
PASSWORDS = {"agent": "agent-password", "analyst": "analyst-password", "admin": "admin-password"}
PLACED = datetime(2026, 3, 1, 9, 30)


def fill(engine: Engine) -> None:
    """Two customers, one order, two products, three members of the staff."""
    migrate(engine)
    people = [("C-000001", "Ada", "Berger", "gold"), ("C-000002", "Tom", "Visser", "basic")]
    with engine.begin() as connection:
        connection.execute(
            insert(customers),
            [
                {
                    "customer_id": number,
                    "first_name": first,
                    "last_name": last,
                    "email": f"{first.lower()}@example.org",
                    "tier": tier,
                    "language": "en",
                    "created_at": PLACED,
                }
                for number, first, last, tier in people
            ],
        )
        for number, name in (("P-1", "Kettle Aria"), ("P-2", "Lamp <b>Luna</b>")):
            connection.execute(
                insert(products).values(product_id=number, name=name, category="kitchen", description="")
            )
            connection.execute(
                insert(items).values(item_id=f"I-{number}", product_id=number, price_cents=4990, stock=3)
            )
        connection.execute(
            insert(orders).values(order_id="HV-104233", customer_id="C-000001", status="shipped", placed_at=PLACED)
        )
        connection.execute(
            insert(order_lines).values(order_id="HV-104233", item_id="I-P-1", quantity=1, price_cents=4990)
        )
        seed_demo_staff(connection, PASSWORDS)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database, made once and copied for each test."""
    path = tmp_path_factory.mktemp("filled") / "rapport.db"
    engine = create_engine(f"sqlite:///{path}")
    fill(engine)
    with engine.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def engine(tmp_path: Path, filled: Path) -> Iterator[Engine]:
    shutil.copy(filled, tmp_path / "rapport.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def bot() -> Iterator[FakeBot]:
    bot = FakeBot(KEYS.bot_key)
    bot.start()
    yield bot
    bot.stop()


class Web:
    """The web process under test; it can be stopped and started again on the same data."""

    def __init__(self, home: Path, bot_port: int, **settings: Any) -> None:
        self.settings = WebSettings(
            **{
                "home": home,
                "bot_port": bot_port,
                "action_port": free_port(),  # nobody listens there
                "retry_first_s": 0.05,
                "retry_longest_s": 0.2,
                "poll_s": 0.1,
                "conversation_rate": 6000,
                "conversation_burst": 1000,
                **settings,
            }
        )
        self.url = ""
        self._port = free_port()
        self._server: Server | None = None

    def start(self) -> Web:
        self._server = Server(create_app(self.settings, KEYS), self._port)
        self._server.start()
        self.url = self._server.url
        return self

    start_again = start

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    def visitor(self, token: str | None = None) -> Visitor:
        visitor = Visitor(self.url)
        visitor.open(token)
        return visitor


@pytest.fixture
def make_web(tmp_path: Path, engine: Engine, bot: FakeBot) -> Iterator[Callable[..., Web]]:
    started: list[Web] = []

    def make(**settings: Any) -> Web:
        web = Web(tmp_path, bot.port, **settings).start()
        started.append(web)
        return web

    yield make
    for web in started:
        web.stop()


@pytest.fixture
def web(make_web: Callable[..., Web]) -> Web:
    return make_web()


def token_for(customer_id: str, minutes: int = 30, issued_ago: int = 0) -> str:
    now = utc_now() - timedelta(minutes=issued_ago)
    return issue_token(KEYS.token_key, customer_id, now, timedelta(minutes=minutes))

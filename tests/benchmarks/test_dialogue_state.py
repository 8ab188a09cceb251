"""The end of a conversation: what must have changed, what may, and what must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import Engine

from benchmarks.dialogue_state import EndState, Heard, Must, ShopFile
from crm_models.database import create_engine, migrate
from crm_models.tables import conversations, customers, items, orders, products

NOW = datetime(2026, 5, 13)
CANCELLED = EndState(
    [Must("orders", {"order_id": "HV-100001"}, {"status": "cancelled"}, also=frozenset({"cancelled_at"}))],
    {"items": {"item_id": frozenset({"KETTLE-RED"})}},
)
HEARD = Heard(("Why?", "Done: order HV-100001 is cancelled."))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(insert(customers).values(customer_id="C-000001", created_at=NOW))
        connection.execute(insert(products).values(product_id="P-KETTLE", name="Kettle", category="kitchen"))
        for item_id in ("KETTLE-RED", "KETTLE-BLACK"):
            connection.execute(insert(items).values(item_id=item_id, product_id="P-KETTLE", price_cents=4490, stock=10))
        for order_id in ("HV-100001", "HV-100002"):
            connection.execute(
                insert(orders).values(order_id=order_id, customer_id="C-000001", status="pending", placed_at=NOW)
            )
    yield engine
    engine.dispose()


@pytest.fixture
def file(engine: Engine, tmp_path: Path) -> ShopFile:
    return ShopFile(tmp_path / "rapport.db", tmp_path / "pristine.db")


def cancel(engine: Engine, order_id: str = "HV-100001", **more: object) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(orders).where(orders.c.order_id == order_id).values(status="cancelled", cancelled_at=NOW, **more)
        )


def restock(engine: Engine, item_id: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(items).where(items.c.item_id == item_id).values(stock=11))


def test_nothing_has_changed_in_the_beginning(file: ShopFile) -> None:
    assert file.changes() == []
    assert not CANCELLED.reached(file.changes(), HEARD)


def test_what_had_to_change_and_what_goes_with_it_ends_well(engine: Engine, file: ShopFile) -> None:
    cancel(engine)
    restock(engine, "KETTLE-RED")
    assert CANCELLED.reached(file.changes(only=CANCELLED.tables), HEARD)
    assert CANCELLED.wrong(file.changes(), HEARD) is None


def test_another_order_that_changes_too_ends_badly(engine: Engine, file: ShopFile) -> None:
    cancel(engine)
    cancel(engine, "HV-100002")
    assert "orders changed" in str(CANCELLED.wrong(file.changes(), HEARD))


def test_another_column_of_the_same_order_ends_badly(engine: Engine, file: ShopFile) -> None:
    cancel(engine, city="Elsewhere")
    assert CANCELLED.wrong(file.changes(), HEARD) is not None


def test_the_stock_of_an_item_that_is_not_in_the_order_ends_badly(engine: Engine, file: ShopFile) -> None:
    cancel(engine)
    restock(engine, "KETTLE-BLACK")
    assert "items changed" in str(CANCELLED.wrong(file.changes(), HEARD))


def test_what_is_only_said_but_not_done_ends_badly(file: ShopFile) -> None:
    assert "is not" in str(CANCELLED.wrong(file.changes(), HEARD))


def test_silence_ends_badly_whatever_was_done(engine: Engine, file: ShopFile) -> None:
    cancel(engine)
    assert CANCELLED.wrong(file.changes(), Heard(("Why?", ""))) == "the bot was silent"


def test_a_conversation_may_leave_its_own_rows(engine: Engine, file: ShopFile) -> None:
    with engine.begin() as connection:
        connection.execute(insert(conversations).values(conversation_id="web-1", started_at=NOW))
    assert file.changes() == []


def test_the_shop_is_put_back(engine: Engine, file: ShopFile) -> None:
    cancel(engine)
    file.restore()
    assert file.changes() == []


def test_what_was_asked_must_be_told() -> None:
    end = EndState(said=("HV-100001", "DHL-77"))
    assert end.wrong([], Heard(("Order HV-100001 is on its way.",))) == "'DHL-77' was not told"
    assert end.wrong([], Heard(("Order HV-100001 is on its way: DHL-77.",))) is None


def test_what_is_nobody_elses_business_must_not_be_told() -> None:
    end = EndState(unsaid=("DHL-77",), insists=True)
    assert not end.reached([], Heard(("I can't find that order.",)))
    assert end.wrong([], Heard(("I can't find that order.",))) is None
    assert end.wrong([], Heard(("It is on its way: DHL-77.",))) == "'DHL-77' was told"


def test_an_answer_must_name_its_article() -> None:
    end = EndState(sources=frozenset({"price-match"}))
    answered = Heard(("Within 14 days.",), frozenset({"price-match"}))
    assert end.wrong([], answered) is None
    assert end.wrong([], replace(answered, sources=frozenset({"vat"}))) == "none of ['price-match'] was named"

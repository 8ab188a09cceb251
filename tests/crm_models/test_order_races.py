"""Two who act on the same thing at the same moment, on every database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

from shop_fixture import (
    ADA,
    BEN,
    DELIVERED,
    KETTLE_LINE,
    NOW,
    PAN_LINE,
    PENDING,
    add_order,
    balance,
    ledger,
    rows_of,
    stock,
)
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from crm_models import tables
from crm_models.order_changes import (
    cancel_pending_order,
    modify_pending_order_items,
    modify_pending_order_payment,
)
from crm_models.returns import exchange_delivered_items, return_delivered_items

REASON = "no longer needed"
TOTAL = 4490 + 2 * 3990


def _at_once(engine: Engine, *actions: Callable[[Connection], Any]) -> list[str]:
    """Outcomes of the actions, each in a transaction of its own, all started together."""
    start = Barrier(len(actions))
    outcomes: list[str] = []

    def act(action: Callable[[Connection], Any]) -> None:
        start.wait()
        with engine.begin() as connection:
            outcomes.append(action(connection).outcome.value)

    threads = [Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(outcomes)


def test_an_order_is_cancelled_once(shop_engine: Engine) -> None:
    def cancel(connection: Connection) -> Any:
        return cancel_pending_order(connection, ADA, PENDING, REASON, NOW)

    outcomes = _at_once(shop_engine, *[cancel] * 6)
    assert Counter(outcomes) == {"cancelled": 1, "already_cancelled": 5}
    with shop_engine.connect() as connection:
        assert ledger(connection, PENDING)[1:] == [("refund", TOTAL, "visa", "pending")]
        assert stock(connection, "KETTLE-RED") == 11


def test_cancelling_and_changing_do_not_both_win(shop_engine: Engine) -> None:
    outcomes = _at_once(
        shop_engine,
        lambda c: cancel_pending_order(c, ADA, PENDING, REASON, NOW),
        lambda c: modify_pending_order_payment(c, ADA, PENDING, "gift", NOW),
        lambda c: modify_pending_order_items(c, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", "gift", NOW),
    )
    assert any(outcome.startswith("cancelled") for outcome in outcomes)
    with shop_engine.connect() as connection:
        assert balance(connection, "gift") == 20000
        assert (stock(connection, "KETTLE-RED"), stock(connection, "KETTLE-BLACK")) in ((11, 2), (10, 3))
        net = Counter[str]()
        for kind, cents, method, status in ledger(connection, PENDING):
            net[method] += 0 if status == "void" else cents if kind == "payment" else -cents
        assert set(net.values()) == {0}


def test_items_are_swapped_once(shop_engine: Engine) -> None:
    outcomes = _at_once(
        shop_engine,
        lambda c: modify_pending_order_items(c, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, NOW),
        lambda c: modify_pending_order_items(c, ADA, PENDING, KETTLE_LINE, "KETTLE-CREAM", None, NOW),
    )
    assert outcomes == ["already_changed", "changed"]


def test_the_last_piece_goes_to_one_of_two_customers(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        connection.execute(text("UPDATE items SET stock = 1 WHERE item_id = 'KETTLE-BLACK'"))
        add_order(connection, "HV-1", "pending", 0, [("KETTLE-RED", 1, 4490)], "C-000002", "bens-visa")
        line_id = rows_of(connection, tables.order_lines, order_id="HV-1")[0].line_id
    outcomes = _at_once(
        shop_engine,
        lambda c: modify_pending_order_items(c, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, NOW),
        lambda c: modify_pending_order_items(c, BEN, "HV-1", line_id, "KETTLE-BLACK", None, NOW),
    )
    assert outcomes == ["changed", "out_of_stock"]
    with shop_engine.connect() as connection:
        assert stock(connection, "KETTLE-BLACK") == 0


def test_a_gift_card_is_not_spent_twice(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        add_order(connection, "HV-1", "pending", 0, [("EARPHONES-BLACK", 1, 12900)])
    outcomes = _at_once(
        shop_engine,
        lambda c: modify_pending_order_payment(c, ADA, PENDING, "gift", NOW),
        lambda c: modify_pending_order_payment(c, ADA, "HV-1", "gift", NOW),
    )
    assert outcomes == ["balance_too_low", "changed"]
    with shop_engine.connect() as connection:
        assert balance(connection, "gift") in (20000 - TOTAL, 20000 - 12900)


def test_a_line_goes_back_once(shop_engine: Engine) -> None:
    outcomes = _at_once(
        shop_engine,
        lambda c: return_delivered_items(c, ADA, DELIVERED, [PAN_LINE], None, None, NOW),
        lambda c: return_delivered_items(c, ADA, DELIVERED, [PAN_LINE], None, "gift", NOW),
        lambda c: exchange_delivered_items(c, ADA, DELIVERED, PAN_LINE, "PAN-24", None, NOW),
    )
    assert outcomes == ["already_requested", "already_requested", "requested"]
    with shop_engine.connect() as connection:
        assert len(rows_of(connection, tables.returns)) == 1

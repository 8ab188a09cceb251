"""The same occasion found and sent by several processes at once, on each kind of database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shop_fixture import NOW, add_order
from sqlalchemy.engine import Connection, Engine

from crm_models.consents import Purpose, set_consent
from crm_models.proactive import notices
from crm_models.proactive.kinds import Candidate, NoticeKind
from crm_models.proactive.occasions import find_due, find_new
from crm_models.proactive.policy import read_notice_policy
from crm_models.proactive.rules import Go, decide
from crm_models.proactive.wishes import WatchOutcome, watch_product

BEN, ORDER = "C-000002", "HV-200001"
POLICY = read_notice_policy()


def at_once(engine: Engine, work: Callable[[Connection], Any], times: int = 6) -> list[Any]:
    """What `work` gives in so many transactions that begin together."""
    results: list[Any] = []
    gate = threading.Barrier(times)

    def run() -> None:
        gate.wait()
        with engine.begin() as connection:
            results.append(work(connection))

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == times
    return results


def late(engine: Engine) -> None:
    with engine.begin() as connection:
        set_consent(connection, BEN, Purpose.NOTICE_DELIVERY_LATE, True, "chat", NOW - timedelta(days=1))
        add_order(connection, ORDER, "shipped", 10, [("LAMP-WHITE", 1, 5990)], BEN, "bens-visa")


def test_an_occasion_found_several_times_at_once_is_due_once(shop_engine: Engine) -> None:
    late(shop_engine)
    with shop_engine.begin() as connection:
        assert find_new(connection, POLICY, NOW) == [(NoticeKind.DELIVERY_LATE, Candidate(BEN, ORDER))]
    assert sum(at_once(shop_engine, lambda connection: find_due(connection, POLICY, NOW))) == 1


def test_a_notice_is_marked_as_sent_by_one_of_several(shop_engine: Engine) -> None:
    late(shop_engine)
    with shop_engine.begin() as connection:
        find_due(connection, POLICY, NOW)
        (notice,) = notices.due_notices(connection)
        assert isinstance(decide(connection, notice, POLICY, NOW), Go)
    marked = at_once(
        shop_engine, lambda connection: notices.mark_sent(connection, notice.notice_id, "mail", None, {}, NOW)
    )
    assert sorted(marked) == [False] * 5 + [True]


def test_a_wish_made_in_two_windows_at_once_is_one(shop_engine: Engine) -> None:
    results = at_once(
        shop_engine,
        lambda connection: watch_product(connection, BEN, "P-KETTLE", "midnight blue", None, NOW).outcome,
    )
    assert sorted(each.value for each in results) == [WatchOutcome.ALREADY_WATCHING.value] * 5 + [
        WatchOutcome.WATCHING.value
    ]

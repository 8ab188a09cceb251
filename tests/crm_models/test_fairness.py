"""The fairness report: shares and intervals as published, differences found, small groups hidden."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine
from trained_shop import TrainedShop, copy_of

from crm_models.fairness import FEWEST, by_group, fairness_report, share_of
from crm_models.tables import offers


def test_the_interval_is_wilsons() -> None:
    # Newcombe (1998), table I, method 3: 81 of 263 and 15 of 148
    for hits, rows, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        share = share_of(np.arange(rows) < hits)
        assert (share.low, share.high) == pytest.approx((low, high), abs=2e-4)


def people(groups: dict[str, int]) -> pd.DataFrame:
    names = [name for name, count in groups.items() for _ in range(count)]
    frame = pd.DataFrame({"country": names, "tier": "basic", "language": None})
    return frame.rename(index=str).rename_axis("customer_id")


def test_a_group_that_is_treated_otherwise_is_marked_and_a_small_one_hidden() -> None:
    known = people({"DE": 300, "FR": 200, "LU": FEWEST - 1})
    hits = pd.Series(False, index=known.index)
    hits[known["country"] == "FR"] = np.tile([True, False], 100)
    hits[known["country"] == "DE"] = np.arange(300) < 30
    measure = by_group("churn", "marked", hits, known)
    shown = {(row.attribute, row.group): row for row in measure.groups}
    assert set(shown) == {("country", "DE"), ("country", "FR"), ("tier", "basic"), ("language", "(unknown)")}
    assert measure.not_shown == 1
    assert shown["country", "FR"].differs and shown["country", "FR"].share.value == 0.5
    assert not shown["tier", "basic"].differs  # there are no others


def test_groups_that_are_treated_alike_are_not_marked() -> None:
    known = people({"DE": 300, "FR": 200})
    hits = pd.Series(np.arange(500) % 4 == 0, index=known.index)
    assert not any(row.differs for row in by_group("churn", "marked", hits, known).groups)


def test_the_report_of_the_demo_shop_tells_errors_and_offers(
    demo_shop: Engine, trained_shop: TrainedShop, tmp_path: Path
) -> None:
    engine, now = copy_of(demo_shop, tmp_path), trained_shop.now
    with engine.begin() as connection:
        ids = [row[0] for row in connection.exec_driver_sql("SELECT customer_id FROM customers WHERE country = 'DE'")]
        common = {"kind": "retention", "reason": "test", "created_at": now - timedelta(days=5)}
        rows = [{**common, "customer_id": each, "status": "accepted"} for each in ids]
        connection.execute(insert(offers), rows)
    report = {(measure.model, measure.name): measure for measure in fairness_report(engine, trained_shop.folder, now)}
    offered = report["offers", "got a retention offer within a year"]
    marked = {row.group for row in offered.groups if row.attribute == "country" and row.differs}
    assert "DE" in marked
    overlooked = next(measure for (model, name), measure in report.items() if name.startswith("overlooked"))
    assert 0 < overlooked.everybody.value < 0.8

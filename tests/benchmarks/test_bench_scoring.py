"""The suite's own arithmetic; the suite itself takes minutes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pandas as pd

from benchmarks.scoring import differing, drawn_again, features_of
from crm_models.model import CustomerModel
from crm_models.snapshot import ShopSnapshot


def scores(*rows: tuple[str, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "value", "label"])
    return frame.assign(model="churn", reasons="[]", details=None, model_version="churn-1")


def test_scores_that_differ_are_counted_by_customer() -> None:
    here = scores(("C-1", 0.5, "steady"), ("C-2", 0.9, "at_risk"))
    assert differing(here, here.copy()) == 0
    assert differing(here, scores(("C-1", 0.5 + 1e-12, "steady"), ("C-2", 0.9, "at_risk"))) == 0
    assert differing(here, scores(("C-1", 0.51, "steady"), ("C-2", 0.9, "at_risk"))) == 1
    assert differing(here, scores(("C-1", 0.5, "at_risk"), ("C-2", 0.9, "steady"))) == 2
    assert differing(here, here.head(1)) == 2


def test_drawn_customers_have_ids_of_their_own() -> None:
    many = drawn_again(pd.DataFrame({"orders": [1.0, 2.0]}, index=["C-1", "C-2"]), 50)
    assert many.index.is_unique and len(many) == 50 and set(many["orders"]) == {1.0, 2.0}


class _ReadsMore:
    """Like the gap model, whose columns are the shop's own; all that the table is made with."""

    @classmethod
    def load(cls, folder: Path) -> _ReadsMore:
        return cls()

    @classmethod
    def table_of(cls, shop: ShopSnapshot) -> pd.DataFrame:
        return pd.DataFrame({"orders": [9.0, 9.0], "looked_audio": [3.0, 4.0]}, index=["C-2", "C-1"])


def test_the_table_has_the_columns_of_every_model(tmp_path: Path) -> None:
    shop = SimpleNamespace(features=pd.DataFrame({"orders": [1.0, 2.0]}, index=["C-1", "C-2"]))
    kind = cast(type[CustomerModel], _ReadsMore)
    table = features_of([(kind, tmp_path), (kind, tmp_path)], cast(ShopSnapshot, shop))
    assert table.to_dict("list") == {"orders": [1.0, 2.0], "looked_audio": [4.0, 3.0]}

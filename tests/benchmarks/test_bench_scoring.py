"""The suite's own arithmetic; the suite itself takes minutes."""

from __future__ import annotations

import pandas as pd

from benchmarks.scoring import differing, drawn_again


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

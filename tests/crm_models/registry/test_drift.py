"""Drift: what moved is named, what did not is left alone, and nobody's values are kept."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_models.errors import BadModel
from crm_models.registry.drift import DriftState, drift_of, population_stability
from crm_models.registry.reference import Distribution, read_reference, reference_of, write_reference


def people(rows: int, seed: int = 1, later: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "no_order_for": random.exponential(60, rows) + later,
            "complaints": random.poisson(0.2, rows).astype(float),
            "plan": random.choice(["monthly", "yearly"], rows, p=[0.7, 0.3]),
        },
        index=[f"C-{number}" for number in range(rows)],
    )


def scores_of(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    score = 1 / (1 + np.exp(-(table["no_order_for"] - 60) / 30))
    return score, pd.Series(np.where(score > 0.5, "at_risk", "steady"), index=table.index)


def test_the_index_is_that_of_a_worked_example() -> None:
    # (0.2 - 0.5) ln(0.2 / 0.5) + (0.8 - 0.5) ln(0.8 / 0.5)
    assert population_stability([0.5, 0.5], [0.2, 0.8]) == pytest.approx(0.41589, abs=1e-5)
    assert population_stability([0.1, 0.9], [0.1, 0.9]) == 0.0


def test_shares_are_counted_as_a_plain_loop_counts_them() -> None:
    column = people(500)["no_order_for"]
    column.iloc[:5] = np.nan
    kept = Distribution.of(column)
    edges = (-np.inf, *kept.edges, np.inf)
    naive = [((column > low) & (column <= high)).mean() for low, high in pairwise(edges)]
    assert kept.shares == pytest.approx([*naive, 0.01])
    assert sum(kept.shares) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(2, 7))
def test_other_customers_of_the_same_kind_are_no_drift(seed: int) -> None:
    before, now = people(300), people(120, seed)
    report = drift_of("churn", "churn-1", kept(before), now, *scores_of(now))
    assert report.drifted == () and report.score.state is DriftState.STABLE


def kept(table: pd.DataFrame):
    reference = reference_of(table, *scores_of(table))
    assert reference is not None
    return reference


def test_a_column_that_moved_is_named_with_what_moved_in_it() -> None:
    now = people(2000, 3, later=40.0)
    now["plan"] = "lifetime"
    report = drift_of("churn", "churn-1", kept(people(2000)), now, *scores_of(now))
    assert [each.column for each in report.drifted] == ["plan", "no_order_for"]
    plan = report.drifted[0]
    assert (plan.state, plan.bin, plan.before, plan.now) == (DriftState.CHANGED, "(others)", 0.0, 1.0)
    assert (report.score.state is DriftState.CHANGED and report.label.now > report.label.before) or report.label.before


def test_a_column_that_is_gone_is_told() -> None:
    table = people(200)
    report = drift_of("churn", "churn-1", kept(table), table.drop(columns="plan"), *scores_of(table))
    assert report.missing == ("plan",)


def test_the_reference_holds_no_customer_and_no_customers_value(tmp_path: Path) -> None:
    table = people(1000)
    table["spent_cents"] = np.arange(1000) * 137.0 + 123_457
    table["city"] = ["Neverheardof"] + ["Berlin"] * 999
    reference = kept(table)
    write_reference(tmp_path, reference)
    stored = (tmp_path / "reference.json").read_text()
    assert "Neverheardof" not in stored and "C-" not in stored and "Berlin" in stored
    own = set(table["spent_cents"])
    assert not own & set(json.loads(stored)["inputs"]["spent_cents"]["edges"])
    assert max(json.loads(stored)["inputs"]["spent_cents"]["edges"]) < table["spent_cents"].max()
    assert read_reference(tmp_path) == reference


def test_few_rows_leave_no_reference() -> None:
    table = people(20)
    assert reference_of(table, *scores_of(table)) is None


def test_a_damaged_reference_is_refused(tmp_path: Path) -> None:
    assert read_reference(tmp_path) is None
    (tmp_path / "reference.json").write_text('{"rows": 1}')
    with pytest.raises(BadModel, match="rapport models train"):
        read_reference(tmp_path)

"""The suites clv and segments run on small data sets in the published layouts; their measures mean what they say."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import cdnow, clv, segments
from benchmarks.errors import MissingData
from benchmarks.report import Report
from crm_models.value.repeat_buying import summarise


def buys(random: np.random.Generator, first: datetime, end: datetime) -> list[datetime]:
    gap = random.gamma(2.0, 25.0)
    gone = first + timedelta(days=random.exponential(300))
    day, found = first, []
    while day < min(end, gone):
        found.append(day)
        day += timedelta(days=1 + int(random.exponential(gap)))
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred customers in each data set, and a published sample of every fifth."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(4)
    (folder / "cdnow").mkdir()
    (folder / "online_retail_uci").mkdir()
    with gzip.open(folder / "cdnow" / "CDNOW_master.txt.gz", "wt") as log:
        log.write(" customer_id  date number_of_cds  dollar_value\r\n")
        for number in range(1, 301):
            first = datetime(1997, 1, 1) + timedelta(days=int(random.integers(84)))
            for day in buys(random, first, cdnow.HELD_OUT_UNTIL):
                log.write(f" {number:05d} {day:%Y%m%d}  1   {random.gamma(4, 8):.2f}\r\n")
    known = summarise(cdnow.read_transactions(folder), cdnow.CALIBRATED_UNTIL)
    known = known.assign(T=known["T"] - 1).reset_index().sort_values(["T", "customer_id"], ascending=[False, True])
    sample = known.iloc[::5].reset_index(drop=True)
    weeks = sample[["frequency", "recency", "T"]].assign(
        recency=(sample["recency"] / 7).round(2), T=(sample["T"] / 7).round(2)
    )
    weeks.rename_axis("ID").to_csv(folder / "cdnow" / "cdnow_customers_summary.csv")
    lines = []
    for number in range(12_000, 12_300):
        first = datetime(2010, 12, 1) + timedelta(days=int(random.integers(250)))
        for day in buys(random, first, datetime(2011, 12, 9)):
            lines.append((day, random.integers(1, 20), 2.5, float(number)))
            if random.random() < 0.1:
                lines.append((day, -1, 2.5, float(number)))
    lines.append((datetime(2011, 5, 1), 1, 1.0, np.nan))
    columns = ["InvoiceDate", "Quantity", "UnitPrice", "CustomerID"]
    pd.DataFrame(lines, columns=columns).to_csv(folder / "online_retail_uci" / "onlineretail.csv.gz", index=False)
    return folder


@pytest.fixture(scope="module")
def report(data: Path) -> Report:
    return clv.run(data, quick=False)


def test_every_row_is_measured_beside_its_peers(report: Report) -> None:
    assert len(report.rows) == 16
    for row in report.rows:
        assert row.value is not None and np.isfinite(row.value)
        if "interval" in row.name:
            assert 0.7 <= row.value <= 1.0
        else:
            assert set(row.peers) == {"BG/NBD", "Pareto/NBD", "same rate as before"}
    targets = {row.name.split(": ")[1]: str(row.target) for row in report.rows if row.target is not None}
    assert targets == {"RMSE of orders": "<= 1.58", "bias of orders": "-5 to 5"}


def test_ours_beats_the_naive_rule_on_made_up_customers(report: Report) -> None:
    errors = [row for row in report.rows if row.name.endswith("RMSE of orders")]
    assert len(errors) == 3
    assert all(row.value < row.peers["same rate as before"] for row in errors)  # type: ignore[operator]


def test_the_published_sample_is_found_in_the_log(data: Path) -> None:
    """Whoever is in the sample is among the candidates, and the weights add up to its size."""
    log, sample = cdnow.read_transactions(data), cdnow.read_sample(data)
    known = summarise(log, cdnow.CALIBRATED_UNTIL)
    ordered = known.reset_index().sort_values(["T", "customer_id"], ascending=[False, True])
    true = ordered["customer_id"].iloc[::5].tolist()
    candidates = cdnow.sample_candidates(log, sample)
    assert all(customer in each for customer, each in zip(true, candidates, strict=True))
    assert sum(len(each) == 1 for each in candidates) > len(true) // 2
    weights = cdnow.sample_weights(candidates, known.index)
    assert weights.sum() == pytest.approx(len(true)) and weights.max() <= 1 + 1e-9


def test_segments_are_measured_beside_plain_rfm(data: Path) -> None:
    found = {row.name: row for row in segments.run(data, quick=True).rows}
    assert len(found) == 7
    for row in found.values():
        assert row.value is not None and set(row.peers) == {"HDBSCAN", "fifths"}
    assert 2 <= found["segments"].value <= 6  # type: ignore[operator]
    assert found["same name after training again 30 days later"].value > 0.6  # type: ignore[operator]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    for suite in (clv, segments):
        with pytest.raises(MissingData, match=r"CDNOW_master|onlineretail"):
            suite.run(tmp_path, quick=True)
        with pytest.raises(MissingData, match="--data"):
            suite.run(None, quick=True)


def test_eta_squared_is_what_an_analysis_of_variance_says() -> None:
    values, labels = np.array([1.0, 3.0, 7.0, 9.0]), np.array(["a", "a", "b", "b"])
    assert segments._eta_squared(values, labels) == pytest.approx(36 / 40)

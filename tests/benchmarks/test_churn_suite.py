"""The churn suite on a made-up table in the layout of the public one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.churn import DATA_SETS, MEASURES, PEERS, run
from benchmarks.errors import BadOption, MissingData
from benchmarks.options import Options


def write_telco(data: Path, rows: int = 950) -> None:
    random = np.random.default_rng(1)
    tenure = random.integers(0, 72, rows)
    left = random.random(rows) < 1 / (1 + np.exp(0.1 * tenure - 2))
    table = pd.DataFrame(
        {
            "customerID": [f"{number:04}-X" for number in range(rows)],
            "gender": random.choice(["Male", "Female"], rows),
            "tenure": tenure,
            "Contract": random.choice(["One year", "Month-to-month"], rows),
            "TotalCharges": [" " if months == 0 else f"{months * 20.5}" for months in tenure],
            "Churn": np.where(left, "Yes", "No"),
        }
    )
    path = data / DATA_SETS["telco"].file
    path.parent.mkdir(parents=True)
    table.to_csv(path, index=False)


def test_ours_and_the_peers_are_measured_on_the_same_folds(tmp_path: Path) -> None:
    write_telco(tmp_path)
    report = run(tmp_path, True, Options(only=("telco",)))
    rows = {row.name: row for row in report.rows}
    assert set(rows) == {f"telco: {title}" for title in MEASURES.values()}
    assert rows["telco: AUC"].value is not None and 0.8 < rows["telco: AUC"].value < 1
    assert set(rows["telco: AUC"].peers) == set(PEERS)
    assert all(value is not None and value > 0.7 for value in rows["telco: AUC"].peers.values())
    assert any("served in the folds" in note for note in report.notes)


def test_what_is_missing_or_unknown_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"bankchurners_credit/clean\.csv.*kaggle"):
        run(tmp_path, True, Options(only=("bankchurners",)))
    with pytest.raises(BadOption, match="no data set 'kkbox'"):
        run(tmp_path, True, Options(only=("kkbox",)))

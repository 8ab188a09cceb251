"""The suites uplift and satisfaction run on small data sets in the published layouts, and mean what they say."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import satisfaction, uplift
from benchmarks.errors import MissingData
from benchmarks.satisfaction_data import folds_by_dialogue, read_uss


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(3)
    (folder / "hillstrom").mkdir()
    rows = 1500
    table = pd.DataFrame(
        {
            "recency": random.integers(1, 13, rows),
            "history": random.gamma(2, 100, rows).round(2),
            "mens": random.integers(0, 2, rows),
            "womens": random.integers(0, 2, rows),
            "zip_code": random.choice(["Rural", "Urban"], rows),
            "newbie": random.integers(0, 2, rows),
            "channel": random.choice(["Web", "Phone"], rows),
            "segment": random.choice(["Womens E-Mail", "Mens E-Mail", "No E-Mail"], rows),
        }
    )
    chance = 0.2 + 0.4 * ((table.segment == "Womens E-Mail") & (table.womens > 0))
    table["visit"] = (random.random(rows) < chance).astype(int)
    table["conversion"] = table.visit
    table.to_csv(folder / "hillstrom" / "hillstrom_email_experiment.csv.gz", index=False)
    (folder / "uss_satisfaction").mkdir()
    for name in ("MWOZ", "SGD"):
        with gzip.open(folder / "uss_satisfaction" / f"{name}.txt.gz", "wt", encoding="utf-8") as file:
            file.write("\n" + "\n\n".join(_dialogue(random) for _ in range(60)) + "\n")
    return folder


def _dialogue(random: np.random.Generator) -> str:
    """Angry customers are those whose wish was refused."""
    lines = ["USER\tI need a table for two\tINFORM\t3,3,3"]
    bad = random.random() < 0.4
    lines.append("SYSTEM\tSorry, there are no tables.\tNO\t" if bad else "SYSTEM\tBooked, enjoy it.\tOK\t")
    lines.append("USER\tNo, that is wrong\tNO\t2,1,2" if bad else "USER\tGreat, thank you\tTHANK\t4,4,3")
    lines.append(f"USER\tOVERALL\t\t{'2,2,3' if bad else '4,3,4'}")
    return "\n".join(lines)


def test_uplift_is_measured_beside_its_peers(data: Path) -> None:
    report = uplift.run(data, quick=True)
    first = report.rows[0]
    assert first.value is not None and first.value > 1.0, "the women's e-mail works for those who buy women's goods"
    assert set(first.peers) == {uplift.T_LOGISTIC, uplift.T_BOOSTED, uplift.CLASS, uplift.FOREST}
    assert any("--quick" in note for note in report.notes)


def test_satisfaction_is_measured_before_and_with_the_reply(data: Path) -> None:
    report = satisfaction.run(data, quick=True)
    found = {row.name: row for row in report.rows}
    with_reply = found["MWOZ, turns and dialogues, with the reply, F1 of the dissatisfied"]
    assert with_reply.value is not None and with_reply.value > 0.9
    assert with_reply.peers[satisfaction.MAJORITY] == 0.0
    assert found["SGD, turns and dialogues, before the reply, Spearman"].value > 0.3


def test_ratings_are_read_as_published_and_dialogues_stay_together(data: Path) -> None:
    rated = read_uss(data, "SGD")
    assert len(rated) == 180 and sum(each.whole for each in rated) == 60
    first = rated[0]
    assert (first.turns, first.ratings, first.label) == (0, (3, 3, 3), 3)
    folds = folds_by_dialogue(rated, 10, 1)
    assert all(len(set(folds[[each.dialogue == number for each in rated]])) == 1 for number in range(60))


def test_f1_of_nobody_is_zero() -> None:
    nobody, some = np.zeros(4, dtype=bool), np.array([True, False, False, False])
    assert satisfaction.f1_of(nobody, some) == 0.0
    assert satisfaction.f1_of(some, some) == 1.0


@pytest.mark.parametrize("suite", [uplift, satisfaction])
def test_a_missing_folder_is_named(suite: object, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="--data"):
        suite.run(tmp_path, True)  # type: ignore[attr-defined]

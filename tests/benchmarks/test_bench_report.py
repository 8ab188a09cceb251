"""The table and the file of a suite: their shape, and that a missed target is shown as missed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks.machine import this_machine
from benchmarks.report import Report, Row, at_least, at_most, between, print_report, write_json

REPORT = Report(
    "example",
    [
        Row("one turn", 12.5, "ms", at_most(20), {"stock Rasa": 35.0}, "stock: 33"),
        Row("turns per second", 80.0, "turns/s", at_least(100), {"stock Rasa": 31.0}),
        Row("memory", None, "GB", at_most(1.2)),
        Row("ended well", 0.875, "share"),
        Row("answered", 1.0, "share", at_least(1.0)),
    ],
    {"shop": 7},
    ["the peer was trained in this run"],
)


def shown(report: Report) -> str:
    out = io.StringIO()
    print_report(Console(file=out, width=180), report, this_machine())
    return out.getvalue()


def line_of(name: str) -> str:
    return next(line for line in shown(REPORT).splitlines() if name in line)


def test_a_target_that_is_met_is_shown_with_the_peer_and_the_anchor() -> None:
    line = line_of("one turn")
    for part in ("12.5 ms", "stock Rasa: 35 ms (2.8x)", "stock: 33", "<= 20 ms", "yes"):
        assert part in line


def test_a_missed_target_is_shown_as_missed() -> None:
    assert "MISSED" in line_of("turns per second")


def test_what_was_not_measured_misses_its_target() -> None:
    line = line_of("memory")
    assert "not measured" in line
    assert "MISSED" in line


def test_a_share_without_a_target_is_neither_met_nor_missed() -> None:
    line = line_of("ended well")
    assert "87.5%" in line
    assert "yes" not in line
    assert "MISSED" not in line


def test_the_target_of_a_share_is_shown_as_one() -> None:
    assert ">= 100.0%" in line_of("answered")


def test_machine_versions_seeds_and_notes_stand_under_the_table() -> None:
    text = shown(REPORT)
    for part in ("cores", "Python 3.11", "rasa 3.6.21", "seeds: shop 7", "note: the peer was trained in this run"):
        assert part in text


def test_the_file_has_exactly_the_promised_shape(tmp_path: Path) -> None:
    path = tmp_path / "results" / "example.json"
    write_json(path, REPORT, this_machine())
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(content) == ["suite", "machine", "rows"]
    assert content["suite"] == "example"
    assert content["machine"]["seeds"] == {"shop": 7}
    assert {"cores", "cpu", "memory_gb", "os", "python", "packages", "date"} <= content["machine"].keys()
    for row in content["rows"]:
        assert list(row) == ["name", "value", "unit", "target", "holds", "peers", "anchor"]
    assert [row["holds"] for row in content["rows"]] == [True, False, False, None, True]
    assert content["rows"][0]["peers"] == {"stock Rasa": 35.0}
    assert content["rows"][0]["target"] == "<= 20"


@pytest.mark.parametrize(("value", "holds"), [(20.0, True), (20.0001, False), (None, False)])
def test_a_target_holds_up_to_its_very_value(value: float | None, holds: bool) -> None:
    assert Row("one turn", value, "ms", at_most(20)).holds is holds


@pytest.mark.parametrize(("value", "holds"), [(0.94, True), (0.965, True), (0.93, False), (0.97, False), (None, False)])
def test_a_target_with_two_ends_is_missed_beyond_either(value: float | None, holds: bool) -> None:
    row = Row("sets hold the intent", value, "share", between(0.94, 0.965))
    assert row.holds is holds
    assert "94.0% to 96.5%" in shown(Report("example", [row]))
    assert row.as_json()["target"] == "0.94 to 0.965"


def test_a_value_that_numpy_computed_is_written_too(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", Report("x", [Row("x", np.float64(0.5), "ms", at_most(1))]), this_machine())
    assert json.loads((tmp_path / "x.json").read_text())["rows"][0]["holds"] is True

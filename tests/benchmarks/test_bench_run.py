"""The runner: which suites there are, and what it says when it cannot run one."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.dialogue import run as run_dialogue
from benchmarks.errors import MissingData
from benchmarks.run import SUITES, run_suite
from bot.cli.errors import CliError, UnknownSuite
from bot.settings import PROJECT


def test_an_unknown_suite_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownSuite, match=r"no suite 'speed'; choose one of serving, dialogue"):
        run_suite("speed", None, True, None)


def test_a_data_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="is not there"):
        run_suite("serving", tmp_path / "nowhere", True, None)


def test_dialogue_says_which_data_set_is_missing_and_where_it_is_public(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"no folder tau_bench_retail in .*github\.com/sierra-research"):
        run_dialogue(tmp_path, quick=True)


def test_mistakes_are_told_by_the_command_line_in_one_sentence() -> None:
    assert issubclass(MissingData, CliError)


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_can_be_run(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run)


def test_importing_a_suite_opens_nothing(tmp_path: Path) -> None:
    modules = ", ".join(f"benchmarks.{name.replace('-', '_')}" for name in SUITES)
    subprocess.run(
        [sys.executable, "-c", f"import {modules}"],
        cwd=tmp_path, env={"PYTHONPATH": str(PROJECT), "PATH": ""}, check=True,
    )  # fmt: skip
    assert not list(tmp_path.iterdir())

"""A data folder of its own for each test, and the command line run as a user would."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.main import run


@dataclass(frozen=True)
class Outcome:
    code: int
    said: str
    complained: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder, with no other setting in the environment."""
    for name in list(os.environ):
        if name.startswith("RAPPORT_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("RAPPORT_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder


@pytest.fixture
def rapport(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`rapport("up", "--port", "80")` and what came of it."""

    def type_command(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(list(arguments))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return type_command

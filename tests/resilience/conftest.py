"""The stack that the tests of this folder kill processes of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.cli.config import Config
from tests.homes import config_of
from tests.resilience.running import Running, copy_home


@pytest.fixture(scope="package")
def running(trained: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`rapport up` over a copy of the tests' data folder; one for all tests of this folder."""
    home = tmp_path_factory.mktemp("resilience") / "home"
    copy_home(trained.home, home)
    found = Running(config_of(home))
    try:
        found.start()
        yield found
    finally:
        found.stop()

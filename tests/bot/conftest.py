from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def make_bot(tmp_path: Path) -> Callable[..., Any]:
    """Runs of `tests.bot.channel.Bot` one after the other, over one log."""
    from tests.bot.channel import Bot  # here: most tests below this folder do without Rasa

    return lambda **settings: Bot(tmp_path / "tracker.db", **settings)

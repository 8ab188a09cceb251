from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot.channel import Bot


@pytest.fixture
def make_bot(tmp_path: Path) -> Callable[..., Bot]:
    """Runs of the bot one after the other, over one log."""
    return lambda **settings: Bot(tmp_path / "tracker.db", **settings)

"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Data folder. [dim]\\[env: RAPPORT_HOME; default: var][/]", show_default=False),
]


def config(home: Path | None, **given: Any) -> Any:
    """The settings; imported when a command runs, so that help comes at once."""
    from bot.cli.config import read_config

    return read_config(home=home, **given)

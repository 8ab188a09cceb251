"""The commands of `rapport kb`, about the articles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.kb_candidates import candidates
from bot.cli.kb_pairs import pairs
from bot.cli.options import Home, config

kb = typer.Typer(
    help="Keep the articles in order.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport kb check",
)
kb.add_typer(candidates, name="candidates")
kb.add_typer(pairs, name="pairs")


@kb.callback()
def _group() -> None:
    """Keep the articles in order."""


@kb.command(epilog="Example: rapport kb check --strict")
def check(
    home: Home = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="File for all findings.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 where anything is found.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Findings shown of each kind; --json holds all.")] = 20,
) -> int:
    """Find contradictions, duplicates, expired and unused articles, broken links, and what no article says."""
    from bot.cli.kb_check import check as run

    return run(config(home), json, strict, limit)

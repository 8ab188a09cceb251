"""The commands of `rapport nlu`, about the examples of the intents."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Home, config

nlu = typer.Typer(
    help="Keep the examples of the intents in order.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport nlu check",
)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Folder or file of examples. [dim]\\[default: bot/data/nlu][/]",
        show_default=False,
    ),
]


@nlu.command(epilog="Example: rapport nlu check --strict")
def check(
    home: Home = None,
    data: Data = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="File for all findings.", show_default=False)
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 for conflicts, unknown names, broken marks, leakage.")
    ] = False,
    fewest: Annotated[int, typer.Option(min=1, help="An intent with fewer examples is thin.")] = 20,
    limit: Annotated[int, typer.Option(min=1, help="Findings shown of each kind; --json holds all.")] = 20,
) -> int:
    """Find mislabelled, duplicate, conflicting and thin examples, and what does not fit the domain."""
    from bot.cli.nlu_check import check as run

    return run(config(home), data, json, strict, fewest, limit)


@nlu.command(epilog="Example: rapport nlu review --since 2026-10-01 --limit 30")
def review(
    home: Home = None,
    data: Data = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Messages to look at.")] = 50,
    listed: Annotated[bool, typer.Option("--list", help="Show them without asking anything.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write them as a table to be filled in.", show_default=False),
    ] = None,
    filled: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take a filled table back.", show_default=False)
    ] = None,
) -> int:
    """Label logged messages, the most useful first, and add them to the examples."""
    from bot.cli.nlu_review import review as run

    return run(config(home), data, since, limit, listed, csv, filled)


@nlu.command("import", epilog="Example: rapport nlu import ./snips/train --to bot/data/nlu/snips.yml")
def nlu_import(
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="Folder with seq.in and seq.out, or a CoNLL file."),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE.yml", help="File to write.")],
    intent: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Intent of all texts; default the file `label` beside seq.in."),
    ] = None,
) -> None:
    """Turn texts with BIO tags into annotated examples."""
    from bot.cli.nlu_import import nlu_import as bring

    bring(source, intent, to)

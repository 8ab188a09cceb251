"""The commands of `rapport models`, about the models of customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Home, config

models = typer.Typer(
    help="Train, look at, and score with the models of customers.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport models train",
)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="churn, value, ...; `rapport models list` names them.")]
Version = Annotated[str | None, typer.Argument(metavar="[VERSION]", show_default=False)]


@models.command("list", epilog="Example: rapport models list")
def list_models(home: Home = None) -> None:
    """All models with their versions; the one in use is marked."""
    from bot.cli.model_versions import show_list

    show_list(config(home))


@models.command(epilog="Example: rapport models show churn")
def show(name: Name, version: Version = None, home: Home = None) -> None:
    """The card of a model: what it is for, what it learned from, how well it does, why it is in use."""
    from bot.cli.model_versions import show_card

    show_card(config(home), name, version)


@models.command(epilog="Example: rapport models rollback churn")
def rollback(name: Name, version: Version = None, home: Home = None) -> None:
    """Use an older version again, the one before unless another is named, and score everybody with it."""
    from bot.cli.model_versions import roll_back

    roll_back(config(home), name, version)


@models.command(epilog="Example: rapport models drift churn")
def drift(
    home: Home = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="One model; default all.", show_default=False)
    ] = None,
) -> int:
    """Compare customers and scores with those of the training. Exit code 1 when something changed."""
    from bot.cli.model_drift import show_drift

    return show_drift(config(home), name)


@models.command(epilog="Example: rapport models train churn")
def train(
    home: Home = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="One model; default all.", show_default=False)
    ] = None,
) -> None:
    """Train on the shop's data, now; the new version is used unless it is clearly worse."""
    from bot.cli.model_training import train as fit

    fit(config(home), name)


@models.command(epilog="Example: rapport models score --table features.parquet --output scores.parquet")
def score(
    home: Home = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="One model; default all.", show_default=False)
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="CSV or Parquet with the models' columns; default the shop.", show_default=False
        ),
    ] = None,
    id_column: Annotated[str, typer.Option("--id", metavar="COLUMN", help="Column of the ids.")] = "customer_id",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File for the scores of --table.", show_default=False),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="pandas|spark", help="Who computes them.")] = "pandas",
) -> None:
    """Score every customer of the shop, or of a table of yours."""
    from bot.cli.model_scores import score as write

    write(config(home), name, table, id_column, output, engine)

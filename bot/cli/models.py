"""The commands of `rapport models`, about the models of customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.options import Home, config

models = typer.Typer(
    help="Train, look at, and score with the models of customers.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport models explain C-000003",
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


Table = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="CSV or Parquet of yours; default the shop.", show_default=False),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="Column of the ids; default customer_id.", show_default=False),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="File for the scores of --table.", show_default=False),
]


def _column(text: str) -> Any:
    return typer.Option(metavar="COLUMN", help=text, show_default=False)


@models.command(epilog="Example: rapport models train churn --table customers.csv --target Churn")
def train(
    home: Home = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="One model; default all.", show_default=False)
    ] = None,
    table: Table = None,
    target: Annotated[str | None, _column("churn: who left.")] = None,
    left: Annotated[
        str | None, typer.Option(metavar="VALUE", help="churn: value that means left.", show_default=False)
    ] = None,
    treatment: Annotated[str | None, _column("uplift: who got the offer.")] = None,
    outcome: Annotated[str | None, _column("uplift: what was wanted, 1 or 0.")] = None,
    arms: Annotated[
        str | None,
        typer.Option(metavar="OFFER,NONE", help="uplift: the values of --treatment.", show_default=False),
    ] = None,
    customer: Annotated[str, typer.Option(metavar="COLUMN", help="value: whose purchase.")] = "customer_id",
    date: Annotated[str, typer.Option(metavar="COLUMN", help="value: day of the purchase.")] = "date",
    amount: Annotated[str, typer.Option(metavar="COLUMN", help="value: what was paid.")] = "amount",
    id_column: IdColumn = None,
    drop: Annotated[list[str] | None, _column("Column not to read; may be given more than once.")] = None,
    keep: Annotated[list[str] | None, _column("churn: protected column to read nevertheless.")] = None,
    output: Output = None,
) -> None:
    """Train on the shop's data, or on a table of yours; a new version is used unless it is clearly worse."""
    from bot.cli import model_training

    if table is None:
        model_training.train(config(home), name)
        return
    options = model_training.options(
        id_column, drop, keep, target, left, treatment, outcome, arms, (customer, date, amount)
    )
    model_training.train_on_table(config(home), name, table, options, output)


@models.command(epilog="Example: rapport models score --table features.parquet --output scores.parquet")
def score(
    home: Home = None,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="One model, also table-churn, ...; default all.", show_default=False),
    ] = None,
    table: Table = None,
    id_column: IdColumn = None,
    customer: Annotated[str, typer.Option(metavar="COLUMN", help="table-value: whose purchase.")] = "customer_id",
    date: Annotated[str, typer.Option(metavar="COLUMN", help="table-value: day of the purchase.")] = "date",
    amount: Annotated[str, typer.Option(metavar="COLUMN", help="table-value: what was paid.")] = "amount",
    output: Output = None,
    engine: Annotated[str, typer.Option(metavar="pandas|spark", help="Who computes them.")] = "pandas",
) -> None:
    """Score every customer of the shop, or of a table of yours."""
    from bot.cli.model_scores import score as write

    write(config(home), name, table, id_column, (customer, date, amount), output, engine)


@models.command(epilog="Example: rapport models explain C-000003")
def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Number or e-mail.")], home: Home = None
) -> None:
    """Every score of a customer, and what moved it, in words."""
    from bot.cli.model_reasons import explain as tell

    tell(config(home), customer)


@models.command(epilog="Example: rapport models fairness")
def fairness(
    home: Home = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="File for all figures.", show_default=False)] = None,
) -> None:
    """Scores, offers and errors by country, tier and language; groups that are too small are not shown."""
    from bot.cli.model_fairness import show_fairness

    show_fairness(config(home), json)

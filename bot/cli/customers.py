"""The commands of `rapport customers`: one view of each person, from many sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Home, config

customers = typer.Typer(
    help="Bring customers in, find those that are one person, and tell what is known of them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport customers link",
)

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="A customer's number.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="Another customer's number.")]
Who = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept with the link.")]
Why = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; kept with the link.")]


@customers.command("import", epilog="Example: rapport customers import ./orders.csv --currency GBP --report ./report")
def bring(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="CSV, Parquet or JSON file, or a database address.")],
    home: Home = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="customers|orders|events", help="What a row is; default guessed.", show_default=False),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN|FILE", help="Which column is which field; may be repeated."),
    ] = None,
    table: Annotated[str | None, typer.Option(metavar="NAME", help="Table at a database address.")] = None,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Query at a database address.")] = None,
    name: Annotated[str | None, typer.Option(help="What the source is called; default the file's name.")] = None,
    currency: Annotated[str, typer.Option(help="The shop's currency, three letters.")] = "USD",
    rate: Annotated[
        list[str] | None,
        typer.Option(metavar="EUR=1.08", help="What a unit of another currency is worth; may be repeated."),
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="XX", help="Of phone numbers without a country code, two letters.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the rows that were changed or refused.")
    ] = None,
) -> None:
    """Bring customers, lines of orders or events in, cleaned; what is changed or refused is reported."""
    from bot.cli.customer_import import CustomerSource
    from bot.cli.customer_import import bring as run

    chosen = CustomerSource(source, table, query, kind, columns or [], name, currency, rate or [], country, report)
    run(config(home), chosen)


@customers.command(epilog="Example: rapport customers link --country GB")
def link(
    home: Home = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="XX", help="Of phone numbers without a country code, two letters.", show_default=False),
    ] = None,
) -> None:
    """Find customers that are one person: certain ones are linked, doubtful ones wait for review."""
    from bot.cli import customer_links

    customer_links.link(config(home), country)


@customers.command(epilog="Example: rapport customers links C-000001")
def links(
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help="Only of this customer.", show_default=False)
    ] = None,
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, help="Links shown.")] = 20,
) -> None:
    """Show which customers are linked, and why."""
    from bot.cli import customer_links

    customer_links.links(config(home), customer, limit)


@customers.command(epilog="Example: rapport customers review --accept 17")
def review(
    home: Home = None,
    accept: Annotated[list[int] | None, typer.Option(metavar="PAIR", help="They are one person.")] = None,
    reject: Annotated[list[int] | None, typer.Option(metavar="PAIR", help="They are not, for good.")] = None,
    by: Who = "staff",
    limit: Annotated[int, typer.Option(min=1, help="Pairs shown.")] = 20,
) -> None:
    """Show the pairs that wait for a person, or decide some."""
    from bot.cli import customer_links

    customer_links.review(config(home), accept or [], reject or [], by, limit)


@customers.command(epilog='Example: rapport customers join C-000001 C-000002 --because "called in"')
def join(customer: Customer, other: Other, home: Home = None, by: Who = "staff", because: Why = "by hand") -> None:
    """Say that two customers are one person."""
    from bot.cli import customer_links

    customer_links.join(config(home), customer, other, by, because)


@customers.command(epilog='Example: rapport customers unlink C-000001 C-000002 --because "father and son"')
def unlink(customer: Customer, other: Other, home: Home = None, by: Who = "staff", because: Why = "by hand") -> None:
    """Undo a link; the two are never linked again by the program."""
    from bot.cli import customer_links

    customer_links.unlink(config(home), customer, other, by, because)


@customers.command(epilog="Example: rapport customers profile C-000001")
def profile(customer: Customer, home: Home = None) -> None:
    """Tell what is known of a person: each value with its source, age and confidence, and what contradicts it."""
    from bot.cli import customer_links

    customer_links.profile(config(home), customer)

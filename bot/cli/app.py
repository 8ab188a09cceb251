"""The commands and their options. What they do is imported when they run, so that help comes at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.customers import customers as customer_commands
from bot.cli.experiment import experiment
from bot.cli.kb import kb
from bot.cli.models import models
from bot.cli.nlu import nlu
from bot.cli.notices import notices
from bot.cli.options import Home
from bot.cli.options import config as _config
from bot.cli.policy import policy

app = typer.Typer(
    name="rapport",
    help="A customer-service agent that knows the customer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

app.add_typer(nlu, name="nlu")
app.add_typer(kb, name="kb")
app.add_typer(customer_commands, name="customers")
app.add_typer(models, name="models")
app.add_typer(notices, name="notices")
app.add_typer(experiment, name="experiment")
app.add_typer(policy, name="policy")


@app.command(epilog="Example: rapport up --port 8080")
def up(
    home: Home = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port of the web pages.", show_default=False)
    ] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Fill an empty database with the demo shop.")] = True,
) -> None:
    """Prepare what is missing, start everything, and serve until Ctrl-C."""
    from bot.cli.up import up as serve

    serve(_config(home, web_port=port), demo)


@app.command(epilog="Example: rapport seed --replace")
def seed(
    home: Home = None,
    replace: Annotated[bool, typer.Option("--replace", help="Remove the shop that is there first.")] = False,
    customers: Annotated[int, typer.Option(min=6, max=100_000, help="Number of customers.")] = 2000,
) -> None:
    """Fill the database with the demo shop and its articles."""
    from bot.cli import commands

    commands.seed(_config(home), replace, customers)


@app.command(epilog="Example: rapport train")
def train(
    home: Home = None,
    force: Annotated[bool, typer.Option("--force", help="Train also what is up to date.")] = False,
) -> None:
    """Train the bot and the customer models, and build the search index, where something changed."""
    from bot.cli import commands

    commands.train(_config(home), force)


@app.command(epilog="Example: rapport chat --as C-000001")
def chat(
    home: Home = None,
    customer: Annotated[
        str | None,
        typer.Option("--as", metavar="CUSTOMER", help="Number or e-mail of the customer to be; default nobody."),
    ] = None,
) -> None:
    """Talk to the running bot in this terminal."""
    from bot.cli.chat import chat as talk

    talk(_config(home), customer)


@app.command(epilog="Example: rapport status")
def status(home: Home = None) -> int:
    """Tell what runs, on which ports, with which model and data. Exit code 1 when something is down."""
    from bot.cli.status import status as tell

    return tell(_config(home))


@app.command(epilog="Example: rapport ingest docs/returns.md docs/warranty")
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Files or folders of articles, text files with addresses of pages, addresses."
        ),
    ],
    home: Home = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Of pages: also from addresses of private networks.")
    ] = False,
    tickets: Annotated[
        bool, typer.Option("--tickets", help="The files are histories of tickets: find what articles they lack.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Of tickets: which column is which; may be repeated."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(metavar="1-5", help="Of tickets: worst and best rating.", show_default=False)
    ] = None,
    least: Annotated[int, typer.Option(min=2, help="Of tickets: how many must ask the same.")] = 5,
) -> int:
    """Take articles into the knowledge base; a running bot answers from them at once.

    With --tickets: find in questions and agents' answers (CSV, XLSX, JSON, JSONL) what articles could say.
    """
    if tickets:
        from bot.cli.tickets import ingest_tickets

        return ingest_tickets(_config(home), [Path(each) for each in paths], columns or [], scale, least)
    if columns or scale:
        raise typer.BadParameter("--map and --scale are for histories of tickets; add --tickets")
    from bot.cli import commands

    return commands.ingest(_config(home), paths, allow_private)


@app.command(epilog='Example: rapport ask "how long can I return a kettle?" --tier gold')
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    home: Home = None,
    tier: Annotated[str | None, typer.Option(help="Loyalty tier of whoever asks.", show_default=False)] = None,
    country: Annotated[str | None, typer.Option(help="Two-letter country code.", show_default=False)] = None,
) -> None:
    """Answer a question from the articles, with the sources, their scores, and why."""
    from bot.cli.ask import ask as answer

    answer(_config(home), question, tier, country)


@app.command(epilog="Example: rapport export messages --since 2026-10-01 --format parquet")
def export(
    what: Annotated[str, typer.Argument(metavar="conversations|messages|feedback")],
    home: Home = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.", show_default=False)] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day.", show_default=False)] = None,
    form: Annotated[str, typer.Option("--format", metavar="csv|parquet")] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default WHAT.FORMAT here.", show_default=False)
    ] = None,
    unmasked: Annotated[
        str | None,
        typer.Option(
            metavar="ADMIN", help="Personal data in clear; asks for this admin's password.", show_default=False
        ),
    ] = None,
) -> None:
    """Write logged conversations, messages or feedback to a file, with personal columns masked."""
    from bot.cli.export import export as write

    write(_config(home), what, since, until, form, output, unmasked)


@app.command("import-shop", epilog="Example: rapport import-shop ./retail --replace --currency USD")
def import_shop(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder in the layout of tau-bench retail.")],
    home: Home = None,
    replace: Annotated[bool, typer.Option("--replace", help="Remove the shop that is there first.")] = False,
    currency: Annotated[str, typer.Option(help="Three-letter code of all amounts.")] = "USD",
) -> None:
    """Bring another shop's customers, orders, products and policy page into the database."""
    from bot.cli import commands

    commands.import_shop(_config(home), folder, replace, currency)


@app.command("add-staff", epilog="Example: rapport add-staff mara --name Mara --role agent")
def add_staff(
    username: Annotated[str, typer.Argument(metavar="NAME", help="What is typed to log in.")],
    home: Home = None,
    name: Annotated[str, typer.Option(help="What customers see; default the log-in name.")] = "",
    role: Annotated[str, typer.Option(metavar="agent|analyst|admin")] = "agent",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")
    ] = "",
) -> None:
    """Make an account for the service desk."""
    from bot.cli import commands

    commands.add_staff(_config(home), username, name, role, password)


@app.command(epilog="Example: rapport bench serving --quick")
def bench(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Name of the suite; `list` names them all.")],
    data: Annotated[Path | None, typer.Option(help="Folder of public data sets.", show_default=False)] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions, for a first look.")] = False,
    json: Annotated[Path | None, typer.Option(help="File for the figures.", show_default=False)] = None,
    peers: Annotated[
        str,
        typer.Option(metavar="all|fast|none|diet|setfit", help="Which peers are trained; `intent` and `oos` only."),
    ] = "all",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this data set; may be given more than once; `intent` and `oos` only."),
    ] = None,
) -> int:
    """Measure: ours beside its peers in the same run, with targets."""
    from bot.cli import commands

    return commands.bench(suite, data, quick, json, peers, only or [])

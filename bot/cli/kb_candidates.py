"""The commands of `rapport kb candidates`: what a history of tickets proposes for the articles."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.options import Home, config

candidates = typer.Typer(
    help="Decide about articles that a history of tickets proposes.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport kb candidates list",
)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="As the list shows them.")]


@candidates.command("list", epilog="Example: rapport kb candidates list --all")
def show_all(
    home: Home = None,
    every: Annotated[bool, typer.Option("--all", help="Also what was accepted or rejected.")] = False,
) -> None:
    """Show what waits for a decision, the most asked first."""
    from bot.cli import tickets

    tickets.show_list(config(home), every)


@candidates.command(epilog="Example: rapport kb candidates show 3f2a91")
def show(
    candidate: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    home: Home = None,
) -> None:
    """Show one with its answer, the ways of asking, and tickets that speak for it."""
    from bot.cli import tickets

    tickets.show(config(home), candidate)


@candidates.command(epilog='Example: rapport kb candidates accept 3f2a91 --question "How do I cancel my order?"')
def accept(
    ids: Ids,
    home: Home = None,
    question: Annotated[str | None, typer.Option(help="Title of the article.", show_default=False)] = None,
    answer: Annotated[str | None, typer.Option(help="What the article says.", show_default=False)] = None,
    topic: Annotated[str, typer.Option(help="Topic of the article on the help page.")] = "",
    article: Annotated[
        str | None,
        typer.Option(metavar="ARTICLE", help="Article to which the ways of asking are added instead."),
    ] = None,
) -> None:
    """Make articles of them, or ways of asking for articles that there are; a running bot answers at once."""
    from bot.cli import tickets

    tickets.accept(config(home), ids, question, answer, topic, article)


@candidates.command(epilog='Example: rapport kb candidates reject 3f2a91 --because "no subject of ours"')
def reject(
    ids: Ids,
    home: Home = None,
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the candidate.")] = "",
) -> None:
    """Never propose them again; one that was accepted leaves the articles."""
    from bot.cli import tickets

    tickets.reject(config(home), ids, because)

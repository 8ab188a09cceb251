"""The commands of `rapport notices`: messages that customers get without asking just then."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.options import Home, config

notices = typer.Typer(
    help="Tell which messages to customers are due, send them, and show what was sent or dropped, and why.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport notices due",
)


@notices.command(epilog="Example: rapport notices due")
def due(home: Home = None) -> None:
    """Tell what would be sent now and what waits or is dropped, and why. Nothing is sent or written."""
    from bot.cli import notice_sending

    notice_sending.due(config(home))


@notices.command(epilog="Example: rapport notices send")
def send(home: Home = None) -> None:
    """Find what is due and send what may be sent, as the web process does every minute. Each is sent once."""
    from bot.cli import notice_sending

    notice_sending.send(config(home))


@notices.command("list", epilog="Example: rapport notices list --status dropped")
def show(
    home: Home = None,
    status: Annotated[str | None, typer.Option(metavar="due|sent|dropped", help="Only these.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Only to this customer.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Messages shown, the newest first.")] = 20,
) -> None:
    """Show messages that wait, were sent or were dropped."""
    from bot.cli import notice_sending

    notice_sending.show(config(home), status, customer, limit)

"""`rapport kb pairs`: what the search learns from, and taking an answer back out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from textwrap import shorten
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bot.cli.options import Home
from bot.cli.options import config as _config

# Letters of an answer in the list; the article has the rest.
_SHOWN = 200

pairs = typer.Typer(
    help="See what the search learns from, and take answers back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport kb pairs list",
)


@pairs.command("list", epilog="Example: rapport kb pairs list")
def show_all(home: Home = None) -> None:
    """Show how many pairs of question and answer come from where, and those from answers that helped, with their ID."""
    from bot.cli import prepare
    from bot.cli.answer_pairs import answer_pairs
    from bot.cli.display import console, note
    from knowledge.pairs import question_answer_pairs
    from knowledge.store import KnowledgeStore
    from knowledge.tickets.pairs import ticket_pairs

    config = _config(home)
    engine = prepare.open_database(config)
    store = KnowledgeStore(config.knowledge.database)
    try:
        found = answer_pairs(engine, store)
        counts = {"articles": len(question_answer_pairs(store)), "tickets": len(ticket_pairs(store))}
    finally:
        store.close()
        engine.dispose()
    signs = Counter(each.sign.value for each in found.pairs)
    console.print(pair_table(counts | {f"answers that helped: {sign}": count for sign, count in sorted(signs.items())}))
    for reason, count in found.left_out.most_common():
        note(f"{count:,} more answers helped, but {reason}.")
    for each in found.pairs:
        console.print(f"[dim]{escape(each.event_id)}  {each.sign}  {escape(each.article)}[/]")
        console.print(escape(f"    {each.question}\n    {shorten(each.answer, _SHOWN, placeholder=' ...')}"))


@pairs.command(
    "take-back",
    epilog='Example: rapport kb pairs take-back web-3f2a:4:1764392423.12 --because "they asked for something else"',
)
def take_back(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As the list shows them.")],
    home: Home = None,
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the answer.")] = "",
) -> None:
    """Say that an answer did not help, whatever its customer did: the search learns nothing from it."""
    from bot.cli import prepare
    from bot.cli.display import done
    from bot.cli.errors import BadSettings
    from crm_models.accepted_answers import take_back as take

    engine = prepare.open_database(_config(home))
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        with engine.begin() as connection:
            unknown = [name for name in ids if not take(connection, name, because, now)]
            if unknown:
                raise BadSettings(f"There is no answer {', '.join(unknown)}; `rapport kb pairs list` shows them.")
    finally:
        engine.dispose()
    done(f"{len(ids)} taken back; the next `rapport train` learns without")


def pair_table(counts: Mapping[str, int]) -> Table:
    """How many pairs come from where."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("pairs to learn the search from")
    table.add_column("", justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table

"""Training by hand, without the bot: on the shop's data, or on a table in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.cli.config import Config
from bot.cli.customer_training import train_customers
from bot.cli.display import note, step
from bot.cli.errors import BadScoring
from bot.cli.model_scores import check_output, write_table_scores
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.table_training import KINDS, TableOptions
from crm_models.table_training import train_on_table as fit
from crm_models.user_tables import PurchaseTable


def train(config: Config, name: str | None) -> None:
    """Raises UnknownModel for a model that nobody trains."""
    train_customers(config, open_database(config), name)


def options(
    id_column: str | None,
    drop: Sequence[str] | None,
    keep: Sequence[str] | None,
    target: str | None,
    left: str | None,
    treatment: str | None,
    outcome: str | None,
    arms: str | None,
    purchases: tuple[str, str, str],
) -> TableOptions:
    """What was typed about the columns."""
    named = tuple(each.strip() for each in arms.split(",")) if arms else None
    if named is not None and len(named) != 2:
        raise BadScoring(f"--arms {arms} must be two values with a comma between: who got the offer, and who did not.")
    return TableOptions(
        id_column=id_column,
        drop=tuple(drop or ()),
        keep=tuple(keep or ()),
        target=target,
        left=left,
        treatment=treatment,
        outcome=outcome,
        arms=(named[0], named[1]) if named else None,
        purchases=PurchaseTable(*purchases),
    )


def train_on_table(config: Config, name: str | None, table: Path, options: TableOptions, output: Path | None) -> None:
    if name is None:
        raise BadScoring(f"Say what is to be learned from {table}: one of {', '.join(KINDS)}.")
    if output is not None:
        check_output(output, table)
    with step(f"Training {name} from {table}") as running:
        trained = fit(name, table, options, config.crm.models_folder, utc_now(), running.part)
        card = trained.model.card
        running.result = f"{trained.name}, {card.rows if card else 0:,} rows"
    if card:
        note(card.purpose)
    for sentence in getattr(trained.model, "ignored", ()):
        note(sentence)
    note(f"`rapport models show {trained.name}` tells how well it does.")
    if output is not None:
        write_table_scores(trained.model, trained.table, output)

"""Which versions of the customer models there are, and going back to one."""

from __future__ import annotations

from rich.markdown import Markdown
from rich.table import Table

from bot.cli.config import Config
from bot.cli.customer_training import score_customers
from bot.cli.display import console, done, note
from bot.cli.prepare import open_database
from crm_models.model_files import told_number
from crm_models.registry.catalogue import Version, find_version, list_versions
from crm_models.registry.catalogue import roll_back as use_older
from crm_models.table_training import PREFIX

_METRICS_SHOWN = 2


def show_list(config: Config) -> None:
    found = list_versions(config.crm.models_folder)
    if not found:
        note("No customer model is trained. `rapport models train` trains them.")
        return
    table = Table(box=None)
    for title in ("version", "in use", "rows", "measured"):
        table.add_column(title, no_wrap=title != "measured", justify="right" if title == "rows" else "left")
    for each in found:
        table.add_row(*_row(each))
    console.print(table)


def show_card(config: Config, name: str, version: str | None) -> None:
    found = find_version(config.crm.models_folder, name, version)
    if found.card is None:
        note(f"There is no card beside {found.version}.")
    elif console.is_terminal:
        console.print(Markdown(found.card.markdown()))
    else:
        console.print(found.card.markdown(), markup=False)
    state = "in use" if found.current else "not in use"
    console.print(f"This version is {state}. {found.decision.why if found.decision else ''}".strip(), markup=False)
    console.print(f"[dim]{found.folder}[/]")
    for picture in sorted(found.folder.glob("*.png")):
        console.print(f"picture: {picture}", markup=False)


def roll_back(config: Config, name: str, version: str | None) -> None:
    before, now = use_older(config.crm.models_folder, name, version)
    done(f"{name}: {now} is in use" + (f", and {before} is kept" if before not in (None, now) else ""))
    if not name.startswith(PREFIX):
        score_customers(config, open_database(config))


def _row(each: Version) -> tuple[str, ...]:
    used = "yes" if each.current else ""
    if each.card is None:
        return (each.version, used, "", "no card")
    metrics = list(each.card.metrics.items())[:_METRICS_SHOWN]
    told = ", ".join(f"{name} {told_number(value, digits=3)}" for name, value in metrics)
    return (each.version, used, f"{each.card.rows:,}", told)

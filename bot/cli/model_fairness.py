"""The fairness report on the terminal, and all its figures in a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.fairness import ATTRIBUTES, FEWEST, GroupRow, Measure, Share, fairness_report

LEGEND = (
    "[dim]With 95 % intervals. * differs from all others: the intervals do not meet; of so many groups some do by "
    f"chance. Not shown: groups with fewer than {FEWEST} customers.[/]"
)


def show_fairness(config: Config, path: Path | None) -> None:
    measures = fairness_report(open_database(config), config.crm.models_folder, utc_now())
    if not measures:
        note("There is no score and no offer yet. `rapport models train` trains the models and scores everybody.")
        return
    for measure in measures:
        show_measure(measure)
    console.print(LEGEND)
    if path is not None:
        path.write_text(json.dumps([asdict(each) for each in measures], indent=2) + "\n", encoding="utf-8")
        note(f"All figures are in {path}.")


def show_measure(measure: Measure) -> None:
    """Everybody, and each group beside it."""
    table = Table(title=f"{measure.model}: {measure.name}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for title in ("", "group", "customers", "share", "interval", ""):
        table.add_column(title, justify="right" if title in ("customers", "share") else "left")
    table.add_row("all", "", f"{measure.everybody.rows:,}", *_share(measure.everybody), "")
    for attribute in ATTRIBUTES:
        for number, row in enumerate(each for each in measure.groups if each.attribute == attribute):
            table.add_row(attribute if number == 0 else "", *_row(row))
    console.print(table)
    if measure.not_shown:
        console.print(f"[dim]{measure.not_shown} small groups are not shown.[/]")
    console.print()


def _row(row: GroupRow) -> tuple[str, ...]:
    return (row.group, f"{row.customers:,}", *_share(row.share), "*" if row.differs else "")


def _share(share: Share) -> tuple[str, str]:
    return f"{share.value:.0%}", f"{share.low:.0%} to {share.high:.0%}"

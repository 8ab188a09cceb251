"""The report on decisions by group, on the terminal and in a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.model_fairness import LEGEND, show_measure
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.fairness import ATTRIBUTES
from crm_models.next_action.fairness import Given, decision_fairness


def show_policy_fairness(config: Config, days: int, path: Path | None) -> None:
    measures, given = decision_fairness(open_database(config), utc_now(), days)
    if not measures:
        note(f"Nothing was decided within {days} days.")
        return
    for measure in measures:
        show_measure(measure)
    for each in given:
        _show(each)
    console.print(LEGEND)
    if path is not None:
        told = {"measures": [asdict(each) for each in measures], "given": [asdict(each) for each in given]}
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        note(f"All figures are in {path}.")


def _show(given: Given) -> None:
    table = Table(title=f"offers: {given.name}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for title in ("", "group", "offers", "mean", "interval", ""):
        table.add_column(title, justify="right" if title in ("offers", "mean") else "left")
    for attribute in ATTRIBUTES:
        for number, each in enumerate(row for row in given.amounts if row.attribute == attribute):
            interval = f"{each.low:,.1f} to {each.high:,.1f}"
            first = attribute if number == 0 else ""
            table.add_row(first, each.group, f"{each.offers:,}", f"{each.mean:,.1f}", interval, "*" * each.differs)
    console.print(table)
    if given.not_shown:
        console.print(f"[dim]{given.not_shown} small groups are not shown.[/]")
    console.print()

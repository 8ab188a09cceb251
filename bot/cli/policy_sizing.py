"""Fitting the response curve from the log, and showing it."""

from __future__ import annotations

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, done, note
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.next_action.curve import WITHIN_DAYS, fit_curve, read_responses, save_curve
from crm_models.next_action.policy_file import load_offer_policy


def fit_sizes(config: Config) -> None:
    now = utc_now()
    policy = load_offer_policy(config.crm.offer_policy_file)
    with reading(open_database(config)) as connection:
        curve = fit_curve(read_responses(connection, now), now)
    path = save_curve(curve, config.crm.models_folder)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("discount", "decisions", f"ordered within {WITHIN_DAYS} days", "more than without"):
        table.add_column(title, justify="right")
    for percent, rate, rows in zip(curve.percents, curve.rates, curve.rows, strict=True):
        table.add_row(f"{percent:.0f} %", f"{rows:,}", f"{rate:.1%}", f"{curve.uplift(percent):+.1%}")
    console.print(table)
    done(f"The response curve {curve.version} is in {path}")
    if not policy.sizing.lines:
        note("No product line is sized. The policy's sizing.lines says which are, and between which limits.")

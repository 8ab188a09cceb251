"""What a changed policy would have earned, estimated from the log, on the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.next_action.off_policy import LEVEL, Estimate, Evaluation
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.policy_value import WITHIN_DAYS, PolicyValue, policy_value

REFUSED = 1


def show_evaluation(config: Config, file: Path, days: int, within: int | None) -> int:
    """Returns REFUSED where the log cannot tell."""
    policy = load_offer_policy(file)
    within_days = within or max(WITHIN_DAYS, policy.holds_days)
    with reading(open_database(config)) as connection:
        found = policy_value(connection, policy, utc_now(), days, within_days)
    console.print(_told(found, policy.version), markup=False)
    if found.refusal is not None or found.evaluation is None:
        note(found.refusal or "")
        return REFUSED
    _show(found.evaluation, within_days)
    return 0


def _told(found: PolicyValue, version: str) -> str:
    told = f"{found.decisions:,} decisions"
    if found.left_out:
        told += f" ({found.left_out:,} more could not be used: they failed, or their situation was not kept)"
    if found.evaluation is None:
        return f"{told}."
    overlap = found.evaluation.overlap
    return (
        f"{told}; the policy {version} would have done otherwise in {found.changed:.1%} of them. They say as much "
        f"about it as {overlap.effective:,.0f} of its own."
    )


def _show(found: Evaluation, within_days: int) -> None:
    table = Table(
        title=f"margin of {within_days} days after a decision", title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for title in ("", "a decision", f"{LEVEL:.0%} interval"):
        table.add_column(title, justify="left" if not title else "right")
    rows = {
        "as it was": found.logged,
        "with this policy": found.doubly_robust,
        "  by IPS": found.ips,
        "  by self-normalised IPS": found.snips,
        "gain": found.gain,
    }
    for name, each in rows.items():
        table.add_row(name, f"{each.value / 100:,.2f}", _interval(each))
    console.print(table)
    if found.gain.low <= 0 <= found.gain.high:
        note("The interval of the gain includes 0: the log does not tell which policy is better.")


def _interval(each: Estimate) -> str:
    return f"{each.low / 100:,.2f} to {each.high / 100:,.2f}"

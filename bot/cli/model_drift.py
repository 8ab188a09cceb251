"""The drift report on the terminal."""

from __future__ import annotations

from rich.table import Table

from bot.cli.config import Config
from bot.cli.display import console, done, note
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.registry.drift import ColumnDrift, DriftReport, DriftState

_CHANGED = 1  # exit code


def show_drift(config: Config, name: str | None) -> int:
    """Exit code 1 when an input or the score of a model is another than at its training."""
    from crm_models.scoring import drift_reports

    reports = drift_reports(open_database(config), config.crm.models_folder, utc_now(), name)
    if not reports:
        note("There is no model with a reference to compare with. `rapport models train` trains them.")
    for report in reports:
        _show(report)
    return _CHANGED if any(_state(report) is DriftState.CHANGED for report in reports) else 0


def _show(report: DriftReport) -> None:
    about = (
        f"{report.model} ({report.version}; {report.rows_before:,} customers at the training, {report.rows_now:,} now)"
    )
    moved = [each for each in (report.score, report.label, *report.inputs) if each.state is not DriftState.STABLE]
    if report.missing:
        note(f"{about}: columns that are gone: {', '.join(report.missing)}")
    if not moved:
        done(f"{about}: {len(report.inputs)} columns and the scores are as they were")
        return
    table = Table(title=about, title_justify="left")
    for title in ("column", "PSI", "", "where most", "share then", "now"):
        table.add_column(title)
    for each in moved:
        table.add_row(*_row(each))
    console.print(table)
    stable = len(report.inputs) - len(report.drifted)
    console.print(
        f"{stable} of {len(report.inputs)} columns are as they were. PSI: below 0.1 stable, above 0.25 changed."
    )


def _row(each: ColumnDrift) -> tuple[str, ...]:
    return (each.column, f"{each.psi:.2f}", each.state.value, each.bin, f"{each.before:.0%}", f"{each.now:.0%}")


def _state(report: DriftReport) -> DriftState:
    states = {each.state for each in (report.score, *report.inputs)}
    return DriftState.CHANGED if DriftState.CHANGED in states else DriftState.STABLE

"""`rapport customers import`: a table of somebody else's into the shop, with a report of what was changed and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.cli import prepare
from bot.cli.config import Config
from bot.cli.customer_links import two_letters
from bot.cli.display import console, note, step
from bot.cli.errors import BadSettings
from bot.cli.shop import utc_now
from crm_models.view.importing import Import, ImportReport
from crm_models.view.ingest import import_table
from crm_models.view.mapping import Kind, map_columns, read_told
from crm_models.view.sources import read_source

SOURCE_LETTERS = 40


@dataclass(frozen=True)
class CustomerSource:
    """What was typed."""

    source: str
    table: str | None
    query: str | None
    kind: str | None
    columns: list[str]
    name: str | None
    currency: str
    rates: list[str]
    country: str | None
    report: Path | None


def bring(config: Config, chosen: CustomerSource) -> None:
    """All or nothing: the import is one transaction.

    Raises:
        BadSettings: an option makes no sense.
        BadImport: the source cannot be read or understood.
    """
    if chosen.kind is not None and chosen.kind not in list(Kind):
        raise BadSettings(f"There is no kind {chosen.kind!r}; choose one of {', '.join(Kind)}.")
    if chosen.report is not None and chosen.report.exists() and not chosen.report.is_dir():
        raise BadSettings(f"--report {chosen.report} is a file; name a folder for the report.")
    rates = _rates(chosen.rates)
    country, currency = two_letters(chosen.country), _code(chosen.currency, "--currency")
    told = read_told(chosen.columns)
    engine = prepare.open_database(config)
    with step("Reading the source") as running:
        read = read_source(chosen.source, table=chosen.table, query=chosen.query)
        kind = Kind(chosen.kind) if chosen.kind else None
        mapping = map_columns(list(read.columns), chosen.source.split("@")[-1], kind=kind, told=told)
        running.result = f"{len(read):,} rows of {mapping.kind}"
    console.print("  " + ", ".join(f"{field} from {column}" for field, column in mapping.columns.items()), markup=False)
    if mapping.ignored:
        note(f"Left aside: {', '.join(mapping.ignored)}.")
    source = (chosen.name or chosen.table or Path(chosen.source).name).replace("/", "_")[:SOURCE_LETTERS]
    how = Import(mapping.kind, source, utc_now(), currency, rates, country)
    fields = read[list(mapping.columns.values())].rename(columns=mapping.by_column())
    with step("Importing") as running, engine.begin() as connection:
        report = import_table(connection, fields, how, running.part)
        running.result = _brought(report)
    _tell(report, chosen.report or config.home / "imports" / source)


def _brought(report: ImportReport) -> str:
    told = [f"{count:,} {name}" for name, count in report.written.items()]
    changed = (("customers", report.customers_changed), ("orders", report.orders_changed))
    told += [f"{count:,} {name} changed" for name, count in changed if count]
    return ", ".join(told) or "nothing new"


def _tell(report: ImportReport, folder: Path) -> None:
    if report.unchanged:
        note(f"{report.unchanged:,} were imported before and have not changed.")
    if report.customers_held:
        note(
            f"Of {report.customers_held:,} customers a more trusted source says something else, which stays; "
            "`rapport customers profile CUSTOMER` shows both."
        )
    if report.returns_arrived:
        note(f"{report.returns_arrived:,} returns that customers had announced have arrived; their refunds begin.")
    if report.returns_kept:
        note(f"{report.returns_kept:,} lines came back before, of which this file does not say so; they stay returned.")
    for (what, rule), count in sorted(report.changes.counts.items(), key=lambda each: -each[1]):
        console.print(f"  {count:,} {what}: {rule}", markup=False)
        for example in report.changes.examples[what, rule]:
            console.print(f"      {example}", markup=False)
    for path in report.changes.write(folder):
        note(f"All of them are in {path}.")


def _rates(entries: list[str]) -> dict[str, float]:
    rates = {}
    for entry in entries:
        code, _, worth = entry.partition("=")
        try:
            rate = float(worth)
        except ValueError:
            rate = 0.0
        if not 0 < rate < 1e9:
            raise BadSettings(f"--rate {entry!r} is no rate. Write what one unit is worth, such as EUR=1.08.")
        rates[_code(code, "--rate")] = rate
    return rates


def _code(text: str, option: str) -> str:
    if not (len(text) == 3 and text.isalpha()):
        raise BadSettings(f"{option} names the currency {text!r}; give its code of three letters, such as EUR.")
    return text.upper()

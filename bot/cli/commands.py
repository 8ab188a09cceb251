"""What the shorter commands do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from bot.cli import prepare, shop
from bot.cli.config import Config
from bot.cli.display import Step, console, done, note, step
from bot.cli.errors import BadSettings, UnknownSuite
from bot.cli.index import refresh_index
from bot.cli.lock import holder
from crm_models.database import reading
from crm_models.shop_policy import read_policy
from crm_models.staff import Role, create_staff
from knowledge.doubts import doubts_about
from knowledge.errors import DocumentError
from knowledge.ingest import IngestReport, Skipped, ingest_path
from knowledge.store import KnowledgeStore


def seed(config: Config, replace: bool, customers: int) -> None:
    engine = prepare.open_database(config)
    with step("Seeding the demo shop") as running:
        shop.seed(config, engine, running, replace=replace, customer_count=customers)
    _advise_restart(config, "the new shop")


def train(config: Config, force: bool) -> None:
    engine = prepare.open_database(config)
    prepare.prepare_shop(config, engine, demo=False)
    model = prepare.train(config, engine, force, with_answers=True)
    done(f"All is trained; the bot's model is {model}")
    _advise_restart(config, "the new models")


def ingest(config: Config, places: Sequence[str], allow_private: bool = False) -> int:
    """Files, folders, lists of addresses, addresses. Exit code 1 when something could not be taken in; the rest is."""
    reports = []
    store = KnowledgeStore(config.knowledge.database)
    try:
        for place in places:
            try:
                with step(escape(f"Reading {place}")) as running:
                    report = _take_in(config, store, place, allow_private, running)
                    running.result = _summary(report)
            except DocumentError as error:  # the place itself; the others are read
                if len(places) == 1:
                    raise
                report = IngestReport(skipped=[Skipped(place, str(error))])
            reports.append(report)
        doubts = [each for report in reports for each in doubts_about(store, report, lambda: _tiers(config))]
    finally:
        store.close()
    skipped = [each for report in reports for each in report.skipped]
    for each in skipped:
        note(escape(f"{each.path} was left out: {each.reason}"))
    for doubt in doubts:
        note(escape(f"{doubt.path} was taken in, but {doubt.text}"))
    if prepare.current_model(config) is None:
        note("There is no trained encoder yet; `rapport up` or `rapport train` builds the index.")
    elif not refresh_index(config):
        note("The search index holds all of it already.")
    return 1 if skipped else 0


def import_shop(config: Config, folder: Path, replace: bool, currency: str) -> None:
    engine = prepare.open_database(config)
    with step(f"Importing {folder}") as running:
        report = shop.bring_shop(config, engine, folder, running, replace=replace, currency=currency)
        running.result = ", ".join(f"{count:,} {name}" for name, count in report.rows.items())
    console.print("What the files do not say is assumed:")
    for assumption in report.assumptions:
        console.print(f"  {assumption}")
    if prepare.current_model(config) is not None:
        refresh_index(config)
    note("`rapport up` (or `rapport train`) trains the customer models on the new shop.")
    _advise_restart(config, "the new shop")


def add_staff(config: Config, username: str, name: str, role: str, password: str) -> None:
    if role not in list(Role):
        raise BadSettings(f"There is no role {role!r}; choose one of {', '.join(Role)}.")
    engine = prepare.open_database(config)
    with engine.begin() as connection:
        member = create_staff(connection, username, name, password, Role(role))
    done(f"{member.username} may log in as {member.role}")


def bench(
    suite: str, data: Path | None, quick: bool, json_file: Path | None, peers: str = "all", only: Sequence[str] = ()
) -> int:
    try:
        from benchmarks.options import Options
        from benchmarks.run import SUITES, run_suite
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("benchmarks"):
            raise
        raise UnknownSuite("There are no benchmarks in this installation; run it from a checkout.") from error
    if suite == "list":
        for name, purpose in SUITES.items():
            console.print(f"{name:<16}{purpose}")
        return 0
    return run_suite(suite, data, quick, json_file, Options(peers, tuple(only)))


def _take_in(config: Config, store: KnowledgeStore, place: str, allow_private: bool, running: Step) -> IngestReport:
    from knowledge.addresses import is_url, urls_in
    from knowledge.fetch import Fetcher
    from knowledge.url_lists import ingest_url, ingest_url_list

    most, path = config.knowledge.ingest_max_bytes, Path(place)
    urls = None if is_url(place) else urls_in(path)
    if not is_url(place) and urls is None:
        return ingest_path(store, path, running.count, most)
    with Fetcher(most, allow_private=allow_private) as fetcher:
        if urls is None:
            return ingest_url(store, place, fetcher)
        return ingest_url_list(store, path, urls, fetcher, running.count)


def _tiers(config: Config) -> frozenset[str]:
    """The loyalty tiers of the shop."""
    with reading(prepare.open_database(config)) as connection:
        return frozenset(name.lower() for name in read_policy(connection).tiers)


def _summary(report: IngestReport) -> str:
    counts = {
        "new": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "left out": report.skipped,
    }
    return ", ".join(f"{len(found)} {name}" for name, found in counts.items() if found) or "nothing there"


def _advise_restart(config: Config, what: str) -> None:
    if holder(config.home) is not None:
        note(f"Rapport is running: stop it and run `rapport up` again to serve {what}.")

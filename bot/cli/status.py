"""`rapport status`: what runs, with what."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from bot.cli.bot_training import current_model, is_bot_trained
from bot.cli.config import Config
from bot.cli.display import console
from bot.cli.lock import holder
from bot.cli.ports import places
from bot.cli.process import answers
from bot.cli.stack import health_urls
from crm_models.database import check_version, create_engine, reading
from crm_models.errors import CrmError
from crm_models.projector import CURSOR
from crm_models.shop_policy import read_facts
from crm_models.tables import conversations, cursors, customers, escalations, messages, orders, products
from knowledge.errors import KnowledgeError
from knowledge.index import current_version
from knowledge.store import KnowledgeStore

_COUNTED = (customers, products, orders, conversations, messages)
_PROJECTOR = "bot.cli.projector"


def status(config: Config) -> int:
    """Print it; 1 when something is down or missing, otherwise 0."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = [*_processes(config), *_trained(config), *_data(config)]
    for name, good, text in rows:
        table.add_row("[green]✓[/]" if good else "[red]✗[/]", name, text)
    console.print(table)
    return 0 if all(good for _, good, _ in rows) else 1


def _processes(config: Config) -> list[tuple[str, bool, str]]:
    supervisor = holder(config.home)
    running = f"process {supervisor}, data folder {config.home}"
    rows = [("rapport up", supervisor is not None, running if supervisor else f"not running on {config.home}")]
    urls = health_urls(config)
    for place in places(config):
        up = answers(urls[place.name])
        rows.append((place.name, up, f"port {place.port}" if up else f"does not answer on port {place.port}"))
    pid = _projector(supervisor)
    rows.append(("projector", pid is not None, f"process {pid}" if pid else "not running"))
    return rows


def _projector(supervisor: int | None) -> int | None:
    """The process that copies the log; it listens nowhere, so it is looked for below the supervisor."""
    import psutil

    if supervisor is None:
        return None
    try:
        for child in psutil.Process(supervisor).children():
            if _PROJECTOR in child.cmdline():
                return int(child.pid)
    except psutil.Error:
        pass
    return None


def _trained(config: Config) -> list[tuple[str, bool, str]]:
    model = current_model(config)
    if model is None:
        told = "none; `rapport train` makes one"
    else:
        told = model.name if is_bot_trained(config) else f"{model.name}, older than its data: `rapport train`"
    version = current_version(config.knowledge.index_folder)
    return [
        ("bot's model", model is not None, told),
        ("customer models", True, _customer_models(config.crm.models_folder)),
        ("search index", version is not None, version or "none; `rapport train` makes one"),
        _articles(config),
    ]


def _customer_models(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []
    return ", ".join(names) or "none"


def _articles(config: Config) -> tuple[str, bool, str]:
    store = KnowledgeStore(config.knowledge.database)
    try:
        documents, passages = store.count() if config.knowledge.database.exists() else (0, 0)
    except KnowledgeError as error:
        return ("articles", False, str(error))
    finally:
        store.close()
    return ("articles", True, f"{documents} with {passages} passages")


def _data(config: Config) -> list[tuple[str, bool, str]]:
    engine = create_engine(config.crm.database_url)
    try:
        check_version(engine)
        with reading(engine) as connection:
            return _counts(connection)
    except CrmError as error:
        return [("database", False, str(error))]
    finally:
        engine.dispose()


def _counts(connection: Connection) -> list[tuple[str, bool, str]]:
    facts = read_facts(connection)
    counts = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _COUNTED
    }
    waiting = connection.execute(
        select(func.count()).select_from(escalations).where(escalations.c.status == "waiting")
    ).scalar_one()
    position = connection.execute(select(cursors.c.position).where(cursors.c.name == CURSOR)).scalar_one_or_none()
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return [
        ("shop", True, f"{facts.name} ({facts.source}, {facts.currency})"),
        ("database", True, shown),
        ("log", True, f"read up to event {position or 0:,}"),
        ("queue", True, f"{waiting} waiting for a person"),
    ]

"""The shop's database: SQLite in one file, or PostgreSQL.

On SQLite a transaction takes the write lock when it begins (`BEGIN IMMEDIATE`). A transaction that reads
first and writes later would otherwise fail at once with "database is locked" whenever somebody else wrote
in between; this way it waits its turn, and "look, then write" is atomic. Long or frequent reads go
through `reading`, which takes no lock and sees one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from crm_models.errors import (
    BadDatabaseUrl,
    DatabaseNotReady,
    DatabaseTooNew,
    DatabaseUnreachable,
)

BUSY_TIMEOUT_MS = 5000
_READ_ONLY = "rapport_read_only"


def create_engine(url: str) -> Engine:
    """An engine for `sqlite:///...` or `postgresql://...`; opens nothing yet.

    Raises:
        BadDatabaseUrl: the address is malformed or names another kind of database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return sqlalchemy.create_engine(parsed, future=True, pool_pre_ping=True)
    # One shared connection for a database in memory: each new one would be a different, empty database.
    pool = StaticPool if _in_memory(parsed) else QueuePool
    engine = sqlalchemy.create_engine(parsed, future=True, poolclass=pool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read with: one snapshot, no lock, nothing is ever committed.

    On SQLite writing through it is an error as soon as somebody else has written meanwhile; use
    `engine.begin()` to write.
    """
    with engine.connect() as connection:
        yield connection.execution_options(**{_READ_ONLY: True})


def migrate(engine: Engine) -> None:
    """Bring the database to this program's schema; creates it (and its folder) when there is none.

    Raises:
        DatabaseTooNew: a newer version of the program wrote it.
        DatabaseUnreachable: it cannot be opened.
    """
    _make_folder(engine.url)
    _refuse_newer(engine, _revision(engine))
    config = _alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_version(engine: Engine) -> None:
    """Refuse a database whose schema is not this program's.

    Raises:
        DatabaseTooNew: a newer version of the program wrote it.
        DatabaseNotReady: it was never migrated, or is older; `migrate` helps.
        DatabaseUnreachable: it cannot be opened.
    """
    revision = _revision(engine)
    _refuse_newer(engine, revision)
    head = _scripts().get_current_head()
    if revision != head:
        state = "is empty" if revision is None else f"has schema {revision}, and this version needs {head}"
        raise DatabaseNotReady(f"The database {_shown(engine.url)} {state}. Run `rapport up`.")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadDatabaseUrl(
            f"RAPPORT_DATABASE_URL is {url!r}, which is no database address. "
            "Use sqlite:///path/to/file.db or postgresql://user@host/name."
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadDatabaseUrl(
            f"RAPPORT_DATABASE_URL names {parsed.get_backend_name()}. Use sqlite:///... or postgresql://..."
        )
    return parsed


def _in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _make_folder(url: URL) -> None:
    if url.get_backend_name() != "sqlite" or _in_memory(url):
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(f"The folder {folder} for the database cannot be made: {error}.") from error


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is switched off: it begins too late, see the module's docstring.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic_config())


def _revision(engine: Engine) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    try:
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise DatabaseUnreachable(
            f"The database {_shown(engine.url)} cannot be opened: {_first_line(error)}. "
            "Check RAPPORT_DATABASE_URL and that its folder or server exists."
        ) from error
    except DBAPIError as error:
        raise DatabaseUnreachable(
            f"{_shown(engine.url)} is no database this program can read: {_first_line(error)}."
        ) from error


def _refuse_newer(engine: Engine, revision: str | None) -> None:
    if revision is None:
        return
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision not in known:
        raise DatabaseTooNew(
            f"The database {_shown(engine.url)} has schema {revision}, which this version does not know: "
            "a newer version of Rapport wrote it. Update Rapport, or set RAPPORT_HOME to another folder."
        )


def _shown(url: URL) -> str:
    return str(url.database) if url.get_backend_name() == "sqlite" else repr(url)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")

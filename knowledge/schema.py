"""The tables of a knowledge base: made, brought to this version, and opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from knowledge.errors import StoreError, StoreTooNew

_SCHEMA = """
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    format TEXT NOT NULL,
    source TEXT NOT NULL UNIQUE,
    content_hash TEXT NOT NULL,
    topic TEXT NOT NULL,
    language TEXT NOT NULL,
    audience TEXT NOT NULL,
    countries TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    updated TEXT
) STRICT;
CREATE TABLE passages (
    passage_id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES documents (document_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    headings TEXT NOT NULL,
    sentences TEXT NOT NULL
) STRICT;
CREATE INDEX passages_by_document ON passages (document_id, position);
"""
# What was added since, a statement for each version after the first.
_CHANGES = (
    "ALTER TABLE documents ADD COLUMN questions TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE documents ADD COLUMN url TEXT NOT NULL DEFAULT ''",
    # Ways of asking that were learnt from tickets, beside those the article names itself.
    "ALTER TABLE documents ADD COLUMN learnt TEXT NOT NULL DEFAULT '[]'",
    """CREATE TABLE tickets (
        ticket_id TEXT PRIMARY KEY,
        question TEXT NOT NULL,
        answer TEXT NOT NULL,
        asked_on TEXT,
        rating REAL,
        source TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE candidates (
        candidate_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        question TEXT NOT NULL,
        answer TEXT NOT NULL,
        questions TEXT NOT NULL,
        document_id TEXT NOT NULL,
        evidence TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT""",
    # What a server said about a page, to ask only for what has changed.
    """CREATE TABLE pages (
        source TEXT PRIMARY KEY REFERENCES documents (source) ON DELETE CASCADE,
        etag TEXT NOT NULL,
        last_modified TEXT NOT NULL
    ) STRICT""",
    # How the page was read: where that has changed, it is fetched in full again.
    "ALTER TABLE pages ADD COLUMN reader TEXT NOT NULL DEFAULT ''",
)
_VERSION = 1 + len(_CHANGES)


def open_connection(path: Path) -> sqlite3.Connection:
    """A connection that threads may share under a lock, to tables of this version.

    Raises StoreTooNew for a file of a newer version, StoreError for one that cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # isolation_level None: transactions begin and end where this module says so.
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the knowledge base {path} cannot be opened: {error}") from error
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) < _VERSION:
        connection.execute("BEGIN IMMEDIATE")
        # Read again: another process may have made or changed the tables while this one waited.
        version = _version(connection)
        if version < _VERSION:
            first = _SCHEMA.strip().split(";\n") if version == 0 else []
            for statement in [*first, *_CHANGES[max(0, version - 1) :]]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
    version = _version(connection)
    if version > _VERSION:
        connection.close()
        raise StoreTooNew(
            f"the knowledge base {path} has version {version}, this program reads up to {_VERSION}; "
            "update the program, or remove the file and ingest the articles again"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])

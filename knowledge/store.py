"""Documents and passages in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.documents import Document, Format, Passage
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
_BESIDE = "+"
# Comes after every letter that a source may have.
_LAST_LETTER = "\U0010ffff"
_VERSION = 1 + len(_CHANGES)
_DOCUMENT = (
    "document_id, title, body, format, source, content_hash, topic, language, audience, countries, "
    "valid_from, valid_until, updated, questions, url, learnt"
)
_PASSAGE = "p.passage_id, p.document_id, d.title, p.headings, p.sentences, p.position, d.url"
_JOINED = "FROM passages p JOIN documents d USING (document_id)"


class KnowledgeStore:
    """Documents and passages of one knowledge base; connects at first use, and may be shared by threads.

    Raises StoreTooNew for a file of a newer version, StoreError for one that cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within it, or none; other processes read the former state meanwhile."""
        with self._lock:
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"{self.path} is being changed by another process; try again when it has finished"
                ) from error
            try:
                yield
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    # --- documents

    def put_document(self, document: Document, passages: Sequence[Passage]) -> None:
        """Store a document and exactly these passages of it, in the place of what it had."""
        with self._lock:
            connection = self._connection()
            connection.execute("DELETE FROM documents WHERE document_id = ?", (document.document_id,))
            row = (*_document_row(document), json.dumps(self._learnt(document.document_id), ensure_ascii=False))
            connection.execute(f"INSERT INTO documents ({_DOCUMENT}) VALUES ({', '.join('?' * len(row))})", row)
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        passage.passage_id,
                        passage.document_id,
                        passage.position,
                        json.dumps(passage.headings, ensure_ascii=False),
                        json.dumps(passage.sentences, ensure_ascii=False),
                    )
                    for passage in passages
                ],
            )

    def refresh_questions(self, document_id: str) -> None:
        """Bring the document's questions up to the candidates that were accepted for it."""
        learnt = json.dumps(self._learnt(document_id), ensure_ascii=False)
        self.execute("UPDATE documents SET learnt = ? WHERE document_id = ?", (learnt, document_id))

    def _learnt(self, document_id: str) -> list[str]:
        rows = self.execute(
            "SELECT questions FROM candidates WHERE document_id = ? AND kind = 'questions' AND status = 'accepted'",
            (document_id,),
        )
        return list(dict.fromkeys(question for (questions,) in rows for question in json.loads(questions)))

    def remove_document(self, document_id: str) -> None:
        self.execute("DELETE FROM documents WHERE document_id = ?", (document_id,))

    def get_document(self, document_id: str) -> Document | None:
        rows = self.execute(f"SELECT {_DOCUMENT} FROM documents WHERE document_id = ?", (document_id,))
        return _read_document(rows[0]) if rows else None

    def list_documents(self, document_ids: Sequence[str] | None = None) -> list[Document]:
        """These documents, or every one, by topic and title."""
        rows = self._of(f"SELECT {_DOCUMENT} FROM documents", "document_id", document_ids)
        return sorted(map(_read_document, rows), key=lambda each: (each.topic, each.title, each.document_id))

    def sources(self, beginning: str = "") -> dict[str, tuple[str, str]]:
        """Source -> (document id, content hash) of every document whose source begins so."""
        rows = self.execute(
            "SELECT source, document_id, content_hash, learnt FROM documents WHERE source >= ? AND source < ?",
            (beginning, f"{beginning}{_LAST_LETTER}"),
        )
        return {
            source: (document_id, _hash(content_hash, learnt)) for source, document_id, content_hash, learnt in rows
        }

    def article_at(self, url: str) -> str | None:
        """The id of the article that customers read at this address of the shop's own pages, or at its own one."""
        path = url.partition("?")[0].partition("#")[0]
        rows = self.execute(
            "SELECT document_id FROM documents WHERE document_id = ? OR (url != '' AND url = ?)",
            (path.removeprefix("/help/") if path.startswith("/help/") else "", url),
        )
        return str(rows[0][0]) if rows else None

    def source_of(self, document_id: str) -> str | None:
        rows = self.execute("SELECT source FROM documents WHERE document_id = ?", (document_id,))
        return str(rows[0][0]) if rows else None

    def content_hashes(self) -> dict[str, str]:
        """Document id -> content hash of every document: what tells one state of the store from another."""
        rows = self.execute("SELECT document_id, content_hash, learnt FROM documents")
        return {
            document_id: content_hash if learnt == "[]" else _hash(content_hash, learnt)
            for document_id, content_hash, learnt in rows
        }

    def validators(self, reader: str) -> dict[str, tuple[str, str]]:
        """Source -> (etag, last modified) of every document that came from the web and was read by this reader."""
        rows = self.execute("SELECT source, etag, last_modified FROM pages WHERE reader = ?", (reader,))
        return {source: (etag, last_modified) for source, etag, last_modified in rows}

    def put_validators(self, source: str, etag: str, last_modified: str, reader: str) -> None:
        self.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)", (source, etag, last_modified, reader))

    def tiers(self) -> frozenset[str]:
        """The loyalty tiers that articles are written for."""
        rows = self.execute("SELECT DISTINCT audience FROM documents")
        return frozenset(tier for (audience,) in rows for tier in json.loads(audience))

    # --- passages

    def get_passages(self, passage_ids: Iterable[str]) -> dict[str, Passage]:
        """The passages that exist of those asked for, by id; one that has changed since is not among them."""
        rows = self._of(f"SELECT {_PASSAGE} {_JOINED}", "p.passage_id", list(dict.fromkeys(passage_ids)))
        return {row[0]: _read_passage(row) for row in rows}

    def list_passages(self, document_ids: Sequence[str] | None = None) -> list[Passage]:
        """The passages of these documents, or every one, by document and place in it: the order of an index."""
        rows = self._of(f"SELECT {_PASSAGE} {_JOINED}", "p.document_id", document_ids)
        return sorted(map(_read_passage, rows), key=lambda each: (each.document_id, each.position))

    def count(self) -> tuple[int, int]:
        """Number of documents and of passages."""
        rows = self.execute("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)")
        return int(rows[0][0]), int(rows[0][1])

    def _of(self, select: str, column: str, values: Sequence[str] | None) -> list[Any]:
        """The rows of `select` in which the column has one of these values; all of them for None."""
        if values is None:
            return self.execute(select)
        rows: list[Any] = []
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            rows += self.execute(f"{select} WHERE {column} IN ({', '.join('?' * len(some))})", some)
        return rows

    # --- connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of one statement of SQL, for the tables that other modules keep in this file."""
        with self._lock:
            return self._connection().execute(statement, values).fetchall()

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = _open(self.path)
        return self._opened


def _open(path: Path) -> sqlite3.Connection:
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


def _hash(content_hash: str, learnt: str) -> str:
    """Of the file, and of the questions learnt beside it: another one where any of them changed."""
    return (
        content_hash if learnt == "[]" else f"{content_hash}{_BESIDE}{hashlib.sha256(learnt.encode()).hexdigest()[:12]}"
    )


def hash_of_file(content_hash: str) -> str:
    """What was put in of it, without the questions learnt."""
    return content_hash.partition(_BESIDE)[0]


def _document_row(document: Document) -> tuple[Any, ...]:
    return (
        document.document_id,
        document.title,
        document.body,
        document.format.value,
        document.source,
        document.content_hash,
        document.topic,
        document.language,
        json.dumps(document.audience),
        json.dumps(document.countries),
        *(day.isoformat() if day else None for day in (document.valid_from, document.valid_until, document.updated)),
        json.dumps(document.questions, ensure_ascii=False),
        document.url,
    )


def _read_document(row: Sequence[Any]) -> Document:
    days = [date.fromisoformat(day) if day else None for day in row[10:13]]
    return Document(
        document_id=row[0],
        title=row[1],
        body=row[2],
        format=Format(row[3]),
        source=row[4],
        content_hash=_hash(row[5], row[15]),
        topic=row[6],
        language=row[7],
        audience=tuple(json.loads(row[8])),
        countries=tuple(json.loads(row[9])),
        valid_from=days[0],
        valid_until=days[1],
        updated=days[2],
        questions=tuple(dict.fromkeys([*json.loads(row[13]), *json.loads(row[15])])),
        url=row[14],
    )


def _read_passage(row: Sequence[Any]) -> Passage:
    return Passage(
        passage_id=row[0],
        document_id=row[1],
        title=row[2],
        headings=tuple(json.loads(row[3])),
        sentences=tuple(json.loads(row[4])),
        position=row[5],
        url=row[6],
    )

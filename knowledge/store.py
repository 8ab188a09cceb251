"""Documents and passages in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.documents import Document, Passage
from knowledge.errors import StoreError
from knowledge.rows import DOCUMENT, PASSAGE, document_row, hash_with, read_document, read_passage
from knowledge.schema import open_connection

# Comes after every letter that a source may have.
_LAST_LETTER = "\U0010ffff"
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
            row = (*document_row(document), json.dumps(self._learnt(document.document_id), ensure_ascii=False))
            connection.execute(f"INSERT INTO documents ({DOCUMENT}) VALUES ({', '.join('?' * len(row))})", row)
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
        rows = self.execute(f"SELECT {DOCUMENT} FROM documents WHERE document_id = ?", (document_id,))
        return read_document(rows[0]) if rows else None

    def list_documents(self, document_ids: Sequence[str] | None = None) -> list[Document]:
        """These documents, or every one, by topic and title."""
        rows = self._of(f"SELECT {DOCUMENT} FROM documents", "document_id", document_ids)
        return sorted(map(read_document, rows), key=lambda each: (each.topic, each.title, each.document_id))

    def sources(self, beginning: str = "") -> dict[str, tuple[str, str]]:
        """Source -> (document id, content hash) of every document whose source begins so."""
        rows = self.execute(
            "SELECT source, document_id, content_hash, learnt FROM documents WHERE source >= ? AND source < ?",
            (beginning, f"{beginning}{_LAST_LETTER}"),
        )
        return {
            source: (document_id, hash_with(content_hash, learnt)) for source, document_id, content_hash, learnt in rows
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
            document_id: content_hash if learnt == "[]" else hash_with(content_hash, learnt)
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
        rows = self._of(f"SELECT {PASSAGE} {_JOINED}", "p.passage_id", list(dict.fromkeys(passage_ids)))
        return {row[0]: read_passage(row) for row in rows}

    def list_passages(self, document_ids: Sequence[str] | None = None) -> list[Passage]:
        """The passages of these documents, or every one, by document and place in it: the order of an index."""
        rows = self._of(f"SELECT {PASSAGE} {_JOINED}", "p.document_id", document_ids)
        return sorted(map(read_passage, rows), key=lambda each: (each.document_id, each.position))

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
            self._opened = open_connection(self.path)
        return self._opened

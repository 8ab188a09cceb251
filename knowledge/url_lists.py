"""Pages of the web into the store, from a text file with an address in each line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from knowledge.chunk import chunk
from knowledge.documents import Document, Passage
from knowledge.errors import DocumentError
from knowledge.fetch import Fetcher, Page
from knowledge.ingest import (
    NO_TEXT,
    READER,
    IngestReport,
    Progress,
    Skipped,
    content_hash,
    put_document,
    whatever_fails_is_named,
)
from knowledge.readers import ROW_MARK, read_page
from knowledge.rows import hash_of_file
from knowledge.store import KnowledgeStore


@dataclass(frozen=True, slots=True)
class _Read:
    page: Page
    document: Document
    passages: list[Passage]


def ingest_url_list(
    store: KnowledgeStore, path: Path, urls: Sequence[str], fetcher: Fetcher, progress: Progress | None = None
) -> IngestReport:
    """Take in the pages of the list in the file `path`; a page that left the list leaves the store.

    Only what changed since is fetched in full. A page that cannot be read is named and keeps its former content. All
    is fetched before anything is written, so that nobody waits for the web.
    """
    return _ingest(store, {f"{path.resolve()}{ROW_MARK}{url}": url for url in urls}, fetcher, progress, path.resolve())


def ingest_url(store: KnowledgeStore, url: str, fetcher: Fetcher) -> IngestReport:
    """Take in one page."""
    url = urldefrag(url).url
    return _ingest(store, {url: url}, fetcher, None, None)


def _ingest(
    store: KnowledgeStore, urls: dict[str, str], fetcher: Fetcher, progress: Progress | None, listed: Path | None
) -> IngestReport:
    report = IngestReport()
    read: dict[str, _Read | None] = {}
    known, validators = store.sources(), store.validators(READER)
    for done, (source, url) in enumerate(urls.items(), 1):
        try:
            page = fetcher.get(url, *(validators.get(source, ()) if source in known else ()))
            read[source] = None if page is None else _read(source, url, page)
        except DocumentError as error:
            report.skipped.append(Skipped(url, str(error)))
        if progress is not None:
            progress(done, len(urls))
    with store.transaction():
        known = store.sources()
        former = [name for name in known if listed and name.startswith(f"{listed}{ROW_MARK}")]
        for source in [name for name in former if name not in urls]:
            document_id, _ = known.pop(source)
            store.remove_document(document_id)
            report.removed.append(document_id)
        for source, found in read.items():
            try:
                _put(store, source, found, known, report)
            except DocumentError as error:
                report.skipped.append(Skipped(urls[source], str(error)))
    return report


def _read(source: str, url: str, page: Page) -> _Read:
    if not page.data.strip():
        raise DocumentError("it is empty")
    with whatever_fails_is_named():
        document = read_page(page.suffix, page.data, source, _slug(url))
        document = replace(document, url=url, content_hash=content_hash(page.data))
        passages = chunk(document)
    if not passages:
        raise DocumentError(NO_TEXT)
    return _Read(page, document, passages)


def _put(
    store: KnowledgeStore, source: str, found: _Read | None, known: dict[str, tuple[str, str]], report: IngestReport
) -> None:
    if found is None or (source in known and hash_of_file(known[source][1]) == found.document.content_hash):
        report.unchanged += [known[source][0]] if source in known else []
    else:
        put_document(store, found.document, found.passages, known, report)
    if found is not None:
        store.put_validators(source, found.page.etag, found.page.last_modified, READER)


def _slug(url: str) -> str:
    """An id of host and path; a query makes another page of it."""
    parts = urlsplit(url)
    name = re.sub(r"[^\w]+", "-", f"{parts.hostname or ''}{parts.path}".lower()).strip("-")
    return f"{name}-{hashlib.sha256(parts.query.encode()).hexdigest()[:6]}" if parts.query else name

"""Files into the store: what is new or changed is read, what vanished is removed, what is broken is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from knowledge.addresses import urls_in
from knowledge.chunk import chunk
from knowledge.documents import Document, Passage
from knowledge.errors import DocumentError
from knowledge.readers import ROW_MARK, SUFFIXES, read_documents
from knowledge.rows import hash_of_file
from knowledge.store import KnowledgeStore

Progress = Callable[[int, int], None]
"""Called as (done, total) while a long step runs."""

# Part of each content hash: raised when reading or cutting changes, so that every file is read again.
READER = "5"
# Navigation, forms and scripts of a page are no text.
NO_TEXT = "there is no text in it that a customer could read; write some, or take it out"
_MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a row of it, that was not taken in, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class IngestReport:
    """Document ids by what became of them, and the files that could not be read.

    A file that was readable before and is broken now keeps its former content.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def ingest_path(
    store: KnowledgeStore, path: Path, progress: Progress | None = None, max_bytes: int = _MAX_BYTES
) -> IngestReport:
    """Take in a file, or every file below a folder; see `readers.SUFFIXES` for the formats.

    Ingesting a folder again reads only what changed and removes the documents of files that are gone.
    The store is changed as a whole at the end, or not at all. Raises DocumentError when `path` itself is
    neither file nor folder; what is wrong with single files is in the report.
    """
    path = path.resolve()
    if not path.exists():
        raise DocumentError(f"there is no file or folder {path}")
    report = IngestReport()
    files = sorted(_files(path))
    with store.transaction():
        known = store.sources(str(path))
        _remove_vanished(store, path, files, known, report)
        if not files and not report.removed:
            raise DocumentError(f"there is no file in the folder {path}; put articles into it, or name another one")
        of_files = _by_file(known)
        for done, file in enumerate(files, 1):
            try:
                _ingest_file(store, file, path, known, of_files.get(str(file), {}), max_bytes, report)
            except DocumentError as error:
                report.skipped.append(Skipped(str(file), str(error)))
            if progress is not None:
                progress(done, len(files))
    return report


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in path.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if (file.is_file() or (file.is_symlink() and not file.exists())) and not hidden:
            yield file


def _remove_vanished(
    store: KnowledgeStore,
    root: Path,
    files: list[Path],
    known: dict[str, tuple[str, str]],
    report: IngestReport,
) -> None:
    present = {str(file) for file in files}
    # As texts: there may be a hundred thousand of them.
    within = f"{str(root).rstrip('/')}/"
    below = [name for name in known if name.startswith(within) or name == str(root)]
    for source in [name for name in below if file_of(name) not in present]:
        document_id, _ = known.pop(source)
        store.remove_document(document_id)
        report.removed.append(document_id)


def _by_file(known: dict[str, tuple[str, str]]) -> dict[str, dict[str, tuple[str, str]]]:
    """The sources in each file: one, or a row each."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for source, document in known.items():
        found.setdefault(file_of(source), {})[source] = document
    return found


def file_of(source: str) -> str:
    """The file of a document's source, which may name a row in it."""
    return source.partition(ROW_MARK)[0]


def _ingest_file(
    store: KnowledgeStore,
    file: Path,
    root: Path,
    known: dict[str, tuple[str, str]],
    before: dict[str, tuple[str, str]],
    max_bytes: int,
    report: IngestReport,
) -> None:
    data = _read(file, max_bytes)
    hashed = content_hash(data)
    if before and all(hash_of_file(former) == hashed for _, former in before.values()):
        report.unchanged.extend(document_id for document_id, _ in before.values())
        return
    if urls_in(file) is not None:
        if not before:
            raise DocumentError(f"it is a list of addresses; `rapport ingest {file}` fetches their pages")
        report.unchanged.extend(document_id for document_id, _ in before.values())
        return
    with whatever_fails_is_named():
        reading = read_documents(file, data, root)
        passages = {document.source: chunk(document) for document in reading.documents}
    if not any(passages.values()):
        raise DocumentError(NO_TEXT)
    for source in before.keys() - passages.keys():
        document_id, _ = known.pop(source)
        store.remove_document(document_id)
        report.removed.append(document_id)
    for document in reading.documents:
        try:
            put_document(store, replace(document, content_hash=hashed), passages[document.source], known, report)
        except DocumentError as error:
            report.skipped.append(Skipped(document.source, str(error)))
    report.skipped.extend(Skipped(str(file), problem) for problem in reading.problems)


@contextmanager
def whatever_fails_is_named() -> Iterator[None]:
    """Makes a DocumentError of every error: a file that was forged or is nested too deep keeps no other back."""
    try:
        yield
    except DocumentError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise DocumentError(
            f"reading it failed ({type(error).__name__}{f': {said}' if said else ''}); write it anew, and simpler"
        ) from error


def content_hash(data: bytes) -> str:
    """Of a file and of how it is read: another one where either changed."""
    return hashlib.sha256(READER.encode() + b":" + data).hexdigest()


def put_document(
    store: KnowledgeStore,
    document: Document,
    passages: list[Passage],
    known: dict[str, tuple[str, str]],
    report: IngestReport,
) -> None:
    """Store a document in the place of what its source held, and report what became of it. Raises DocumentError."""
    if not passages:
        raise DocumentError(NO_TEXT)
    _refuse_taken_id(store, document)
    before = known.get(document.source)
    former = store.get_document(before[0]) if before else None
    if before is not None and before[0] != document.document_id:
        store.remove_document(before[0])
    store.put_document(document, passages)
    known[document.source] = (document.document_id, document.content_hash)
    # A row that says what it said, in a file of which another row changed.
    if (
        former is not None
        and ROW_MARK in document.source
        and replace(former, content_hash="", questions=()) == replace(document, content_hash="")
    ):
        report.unchanged.append(document.document_id)
    elif document.document_id in report.removed:  # the file was moved, the document is the same
        report.removed.remove(document.document_id)
        report.changed.append(document.document_id)
    else:
        (report.changed if before else report.added).append(document.document_id)


def _refuse_taken_id(store: KnowledgeStore, document: Document) -> None:
    source = store.source_of(document.document_id)
    # A file that is gone gives its id free, also when it lay in another folder than this one.
    if source is not None and source != document.source and Path(file_of(source)).exists():
        raise DocumentError(f"its id '{document.document_id}' is already the id of {source}; give it another id")


def _read(file: Path, max_bytes: int) -> bytes:
    if file.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise DocumentError(f"the format '{file.suffix or file.name}' is not read; save it as one of {known}")
    try:
        size = file.stat().st_size
        if size > max_bytes:
            raise DocumentError(f"it has {size:,} bytes, more than the limit of {max_bytes:,}")
        data = file.read_bytes()
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise DocumentError("it is empty; write something into it, or take it out")
    return data

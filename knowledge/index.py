"""The search index: one folder for each version, and a pointer to the one in use.

    {home}/index/CURRENT              name of the version in use
    {home}/index/<version>/
        ids.json                      passage ids; a passage's place is its rank here
        passages.npy                  float16 (passages, dimension): what scores are computed from
        vectors.faiss                 the same, arranged for finding the nearest
        sentences.npy, offsets.npy    float16 (sentences, dimension); passage i owns rows
                                      offsets[i] to offsets[i + 1]
        titles.npy, documents.npy     float16 (documents, dimension) of the titles, and for each passage
                                      the row of its document's title
        lexical/                      BM25
        meta.json                     encoder fingerprint, time, counts, sha256 of each file

A version is written aside, made durable, moved into place, and only then pointed to: a process killed at
any moment leaves the former index or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import IndexDamaged, IndexMismatch, IndexMissing, SearchIndexError
from knowledge.lexical import LexicalIndex, load_lexical
from knowledge.vectors import VectorIndex, load_vectors

Half = NDArray[np.float16]

CURRENT = "CURRENT"
_FORMAT = 2
_KEPT_VERSIONS = 2
_REBUILD = "`rapport ingest` with the articles' folder builds it again"


@dataclass(frozen=True, slots=True)
class IndexMeta:
    """What `meta.json` says; `content` tells apart two states of the store, `sha256` is by file."""

    fingerprint: str
    created: str
    passages: int
    sentences: int
    dimension: int
    content: str
    sha256: dict[str, str]
    format: int = _FORMAT


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """One version, opened. All arrays are read-only and mapped from the disk."""

    version: str
    meta: IndexMeta
    ids: tuple[str, ...]
    passages: Half
    sentences: Half
    offsets: NDArray[np.int64]
    titles: Half
    documents: NDArray[np.int64]
    vectors: VectorIndex
    lexical: LexicalIndex

    def sentence_rows(self, place: int) -> Half:
        """float16 (sentences of that passage, dimension)."""
        return self.sentences[int(self.offsets[place]) : int(self.offsets[place + 1])]

    def title_row(self, place: int) -> Half:
        """float16 (dimension,), the title of the document that passage is in."""
        row: Half = self.titles[int(self.documents[place])]
        return row


@dataclass(frozen=True, slots=True)
class IndexContent:
    """What a new version is to hold; shapes as in the module's description."""

    fingerprint: str
    content: str
    ids: Sequence[str]
    passages: Half
    sentences: Half
    offsets: NDArray[np.int64]
    titles: Half
    documents: NDArray[np.int64]
    vectors: VectorIndex
    lexical: LexicalIndex


def current_version(folder: Path) -> str | None:
    """The name of the version in use, None where no index has been built."""
    try:
        return (folder / CURRENT).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def open_index(folder: Path, fingerprint: str | None = None) -> SearchIndex:
    """The version in use; `fingerprint` is that of the encoder questions come from, None checks none.

    Raises IndexMissing, IndexMismatch or IndexDamaged; each message says what to do.
    """
    for _ in range(3):
        version = current_version(folder)
        if version is None:
            raise IndexMissing(f"there is no search index in {folder}; {_REBUILD}")
        try:
            return _open_version(folder / version, fingerprint)
        except IndexDamaged:
            # A version that was replaced and pruned while it was being read is not damage.
            if current_version(folder) == version:
                raise
    raise SearchIndexError(f"the search index in {folder} is replaced faster than it can be opened; try again")


def write_index(folder: Path, content: IndexContent, now: datetime) -> SearchIndex:
    """Write a version, point to it, remove all but the newest two, and open it. `now` is UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    version = f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
    aside = folder / f".{version}"
    (aside / "lexical").mkdir(parents=True)
    try:
        _write_files(aside, content, now)
        _sync_tree(aside)
        aside.rename(folder / version)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _sync_folder(folder)
    _point_to(folder, version)
    _prune(folder, version)
    return open_index(folder, content.fingerprint)


def _write_files(aside: Path, content: IndexContent, now: datetime) -> None:
    (aside / "ids.json").write_text(json.dumps(list(content.ids)), encoding="utf-8")
    np.save(aside / "passages.npy", content.passages)
    np.save(aside / "sentences.npy", content.sentences)
    np.save(aside / "offsets.npy", content.offsets)
    np.save(aside / "titles.npy", content.titles)
    np.save(aside / "documents.npy", content.documents)
    content.vectors.save(aside / "vectors.faiss")
    content.lexical.save(aside / "lexical")
    meta = IndexMeta(
        fingerprint=content.fingerprint,
        created=now.isoformat(timespec="seconds"),
        passages=len(content.ids),
        sentences=len(content.sentences),
        dimension=int(content.passages.shape[1]),
        content=content.content,
        sha256={name: _sha256(aside / name) for name in _files(aside)},
    )
    (aside / "meta.json").write_text(json.dumps(asdict(meta), indent=1), encoding="utf-8")


def _open_version(path: Path, fingerprint: str | None) -> SearchIndex:
    meta = _read_meta(path)
    if fingerprint is not None and meta.fingerprint != fingerprint:
        raise IndexMismatch(
            f"the search index {path} was built with the encoder {meta.fingerprint}, "
            f"the encoder in use is {fingerprint}; {_REBUILD}"
        )
    for name, digest in meta.sha256.items():
        if not (path / name).is_file():
            raise IndexDamaged(f"the search index lacks {path / name}; {_REBUILD}")
        if _sha256(path / name) != digest:
            raise IndexDamaged(f"the search index file {path / name} is not as it was written; {_REBUILD}")
    try:
        return SearchIndex(
            version=path.name,
            meta=meta,
            ids=tuple(json.loads((path / "ids.json").read_text(encoding="utf-8"))),
            passages=np.load(path / "passages.npy", mmap_mode="r"),
            sentences=np.load(path / "sentences.npy", mmap_mode="r"),
            offsets=np.load(path / "offsets.npy"),
            titles=np.load(path / "titles.npy", mmap_mode="r"),
            documents=np.load(path / "documents.npy"),
            vectors=load_vectors(path / "vectors.faiss"),
            lexical=load_lexical(path / "lexical", meta.passages),
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise IndexDamaged(f"the search index {path} cannot be read: {error}; {_REBUILD}") from error


def _read_meta(path: Path) -> IndexMeta:
    try:
        values: dict[str, Any] = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        meta = IndexMeta(**values)
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{path / 'meta.json'} cannot be read: {error}; {_REBUILD}") from error
    if meta.format != _FORMAT:
        raise IndexMismatch(
            f"the search index {path} has format {meta.format}, this program reads {_FORMAT}; {_REBUILD}"
        )
    return meta


def _files(path: Path) -> list[str]:
    return sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _point_to(folder: Path, version: str) -> None:
    pointer = folder / f".{CURRENT}-{uuid.uuid4().hex[:8]}"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(version + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(pointer, folder / CURRENT)  # noqa: PTH105 - the name says that it replaces
    _sync_folder(folder)


def _prune(folder: Path, version: str) -> None:
    """Keep the version in use and the one before it, which a running bot may be reading."""
    versions = sorted(
        (path for path in folder.iterdir() if path.is_dir() and path.name != version),
        key=lambda path: (not path.name.startswith("."), path.name),
        reverse=True,
    )
    for path in versions[_KEPT_VERSIONS - 1 :]:
        if not path.name.startswith(".") or _abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    """Whether a folder that is being written aside was left by a process that is gone: an hour untouched."""
    try:
        newest = max(entry.stat().st_mtime for entry in [path, *path.rglob("*")])
        return (path.parent / CURRENT).stat().st_mtime - newest > 3600
    except OSError:
        return False


def _sync_tree(path: Path) -> None:
    for name in _files(path):
        descriptor = os.open(path / name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    for folder in [path, *(entry for entry in path.rglob("*") if entry.is_dir())]:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

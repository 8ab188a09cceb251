"""The search index: one folder for each version, and a pointer to the one in use.

    {home}/index/CURRENT              name of the version in use
    {home}/index/<version>/           a part (see `part`) and
        meta.json                     encoder fingerprint, time, counts, sha256 of each file

A version holds all documents, or what changed since another one, its base: `meta.json` then names the base and those
of its documents that are replaced or gone. So an article that changes is a small version beside a large one.

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
from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.errors import IndexDamaged, IndexMismatch, IndexMissing, SearchIndexError
from knowledge.part import Indexed, Part, load_part
from knowledge.scope import ScopeTable

CURRENT = "CURRENT"
FORMAT = 6
_KEPT_VERSIONS = 2
_REBUILD = "`rapport ingest` with the articles' folder builds it again"


@dataclass(frozen=True, slots=True)
class IndexMeta:
    """What `meta.json` says; `content` tells apart two states of the store, `sha256` is by file.

    `passages` and `sentences` count those that can be found; `replaced` are ids of the base's documents.
    `written` holds size and time of change (ns) of each file when it was written.
    """

    fingerprint: str
    created: str
    passages: int
    sentences: int
    dimension: int
    content: str
    sha256: dict[str, str]
    written: dict[str, list[int]]
    base: str | None = None
    replaced: tuple[str, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True)
class SearchIndex:
    """One version, opened: all documents in one part, or a base and, where there are any, later ones in a second."""

    version: str
    meta: IndexMeta
    parts: tuple[Part, ...]

    @property
    def base_version(self) -> str:
        return self.meta.base or self.version

    @cached_property
    def replaced(self) -> frozenset[str]:
        """Ids of the first part's documents that are not to be found any more."""
        return frozenset(self.meta.replaced)

    @cached_property
    def scopes(self) -> tuple[ScopeTable, ...]:
        """Of each part, whom and when its passages are for."""
        return tuple(
            ScopeTable(
                part.owners,
                [
                    None if number == 0 and document.document_id in self.replaced else document.scope
                    for document in part.documents
                ],
            )
            for number, part in enumerate(self.parts)
        )

    @cached_property
    def tiers(self) -> frozenset[str]:
        """The loyalty tiers that articles are written for."""
        return frozenset().union(*(table.tiers for table in self.scopes))

    def part_of(self, document_id: str) -> Part | None:
        """The part in which a document can be found; None where it is in none."""
        for number, part in reversed(list(enumerate(self.parts))):
            if document_id in part.rows and (number or document_id not in self.replaced):
                return part
        return None

    def documents(self) -> dict[str, tuple[Part, Indexed]]:
        """Id -> the document and the part that it is in, of all that can be found."""
        found: dict[str, tuple[Part, Indexed]] = {}
        for number, part in enumerate(self.parts):
            for document in part.documents:
                if number or document.document_id not in self.replaced:
                    found[document.document_id] = (part, document)
        return found

    @property
    def ids(self) -> tuple[str, ...]:
        """Those of all passages that can be found, by part and place."""
        first, *later = self.parts
        kept = [
            name
            for name, row in zip(first.ids, first.owners, strict=True)
            if first.documents[row].document_id not in self.replaced
        ]
        return (*kept, *(name for part in later for name in part.ids))


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a new version is to hold. `base` is the version that `part` stands beside, None where it holds all."""

    fingerprint: str
    content: str
    part: Part
    passages: int
    sentences: int
    base: SearchIndex | None = None
    replaced: Sequence[str] = ()


def current_version(folder: Path) -> str | None:
    """The name of the version in use, None where no index has been built."""
    try:
        return (folder / CURRENT).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def open_index(
    folder: Path, fingerprint: str | None = None, opened: SearchIndex | None = None, thorough: bool = True
) -> SearchIndex:
    """The version in use; `fingerprint` is that of the encoder questions come from, None checks none.

    `opened` is a version that is open already: what the two share is not read again. Without `thorough`, files
    that have the size and the time they were written with are trusted; else each is compared with its sha256.
    Raises IndexMissing, IndexMismatch or IndexDamaged; each message says what to do.
    """
    for _ in range(3):
        version = current_version(folder)
        if version is None:
            raise IndexMissing(f"there is no search index in {folder}; {_REBUILD}")
        try:
            return _open_version(folder, version, fingerprint, opened, thorough)
        except IndexDamaged:
            # A version that was replaced and pruned while it was being read is not damage.
            if current_version(folder) == version:
                raise
    raise SearchIndexError(f"the search index in {folder} is replaced faster than it can be opened; try again")


def write_index(folder: Path, new: NewVersion, now: datetime) -> SearchIndex:
    """Write a version, point to it, remove all but the newest two, and open it. `now` is UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    version = f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
    aside = folder / f".{version}"
    aside.mkdir()
    try:
        _write_files(aside, new, now)
        _sync_tree(aside)
        aside.rename(folder / version)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _sync_folder(folder)
    _point_to(folder, version)
    _prune(folder, version)
    return open_index(folder, new.fingerprint, new.base)


def _write_files(aside: Path, new: NewVersion, now: datetime) -> None:
    new.part.save(aside)
    meta = IndexMeta(
        fingerprint=new.fingerprint,
        created=now.isoformat(timespec="seconds"),
        passages=new.passages,
        sentences=new.sentences,
        dimension=new.part.dimension,
        content=new.content,
        sha256={name: _sha256(aside / name) for name in _files(aside)},
        written={name: _stamp(aside / name) for name in _files(aside)},
        base=new.base.base_version if new.base else None,
        replaced=tuple(new.replaced),
    )
    (aside / "meta.json").write_text(json.dumps(asdict(meta), indent=1), encoding="utf-8")


def _open_version(
    folder: Path, version: str, fingerprint: str | None, opened: SearchIndex | None, thorough: bool
) -> SearchIndex:
    meta = _read_meta(folder / version)
    if fingerprint is not None and meta.fingerprint != fingerprint:
        raise IndexMismatch(
            f"the search index {folder / version} was built with the encoder {meta.fingerprint}, "
            f"the encoder in use is {fingerprint}; {_REBUILD}"
        )
    if opened is not None and opened.version == version:
        return opened
    own = _open_part(folder / version, meta, thorough)
    if meta.base is None:
        return SearchIndex(version, meta, (own,))
    if opened is not None and opened.base_version == meta.base:
        base = opened.parts[0]
    else:
        base = _open_part(folder / meta.base, _read_meta(folder / meta.base), thorough)
    return SearchIndex(version, meta, (base, own) if own.ids else (base,))


def _open_part(path: Path, meta: IndexMeta, thorough: bool) -> Part:
    for name, digest in meta.sha256.items():
        if not (path / name).is_file():
            raise IndexDamaged(f"the search index lacks {path / name}; {_REBUILD}")
        if not thorough and _stamp(path / name) == meta.written[name]:
            continue
        if _sha256(path / name) != digest:
            raise IndexDamaged(f"the search index file {path / name} is not as it was written; {_REBUILD}")
    try:
        return load_part(path)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise IndexDamaged(f"the search index {path} cannot be read: {error}; {_REBUILD}") from error


def _read_meta(path: Path) -> IndexMeta:
    try:
        values: dict[str, Any] = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise IndexMismatch(
                f"the search index {path} has format {values['format']}, this program reads {FORMAT}; {_REBUILD}"
            )
        return IndexMeta(**{**values, "replaced": tuple(values["replaced"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(f"{path / 'meta.json'} cannot be read: {error!r}; {_REBUILD}") from error


def _files(path: Path) -> list[str]:
    return sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())


def _stamp(path: Path) -> list[int]:
    """Size in bytes, time of change in ns."""
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]


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
    """Keep the version in use, the one before it, which a running bot may be reading, and what these stand beside."""
    versions = sorted(
        (path for path in folder.iterdir() if path.is_dir() and path.name != version),
        key=lambda path: (not path.name.startswith("."), path.name),
        reverse=True,
    )
    kept = {version, *(path.name for path in versions[: _KEPT_VERSIONS - 1])}
    kept |= {base for name in kept if (base := _base_of(folder / name)) is not None}
    for path in versions:
        if path.name not in kept and (not path.name.startswith(".") or _abandoned(path)):
            shutil.rmtree(path, ignore_errors=True)


def _base_of(path: Path) -> str | None:
    try:
        return _read_meta(path).base
    except SearchIndexError:
        return None


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

"""The index of a running process: whichever version is current, swapped without a restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from knowledge.errors import IndexMissing, KnowledgeError
from knowledge.index import SearchIndex, current_version, open_index

logger = logging.getLogger(__name__)

# Seconds between two looks at the pointer: a look costs some ten microseconds, a search some hundred.
_LOOK_EVERY = 0.1


class LiveIndex:
    """The version in use of an index folder.

    `fingerprint` is that of the encoder whose vectors will be searched for, None for search by words only.
    A new version is opened beside the running searches and taken when it is ready; one that cannot be
    used (another encoder's, damaged) is logged once, and the former stays.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._clock = clock
        self._index: SearchIndex | None = None
        self._seen: str | None = None
        self._looked = float("-inf")
        self._opening = threading.Lock()
        self._thread: threading.Thread | None = None

    def warm_up(self) -> None:
        """Open the version in use now, if one has been built. Raises SearchIndexError."""
        try:
            self._open()
        except IndexMissing:
            logger.warning("no search index in %s yet; questions find nothing until one is built", self._folder)

    def current(self) -> SearchIndex | None:
        """The newest version that is ready, None where there is none. Waits only for the very first."""
        now = self._clock()
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            version = current_version(self._folder)
            if version is not None and version != self._seen:
                self._replace(version)
        return self._index

    def wait(self) -> None:
        """Return when no version is being opened."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _replace(self, version: str) -> None:
        if self._index is None:
            self._try_open(version)
        elif not self._opening.locked():
            self._thread = threading.Thread(target=self._try_open, args=(version,), daemon=True)
            self._thread.start()

    def _try_open(self, version: str) -> None:
        with self._opening:
            if version == self._seen:
                return
            try:
                self._open()
            except KnowledgeError as error:
                self._seen = version
                logger.error("search index %s is not used: %s", version, error)

    def _open(self) -> None:
        index = open_index(self._folder, self._fingerprint, self._index)
        # Made now rather than by the first question.
        _ = index.scopes, index.tiers
        self._index = index
        self._seen = index.version

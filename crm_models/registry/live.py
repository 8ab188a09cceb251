"""A model that is always the version in use, without a restart of whoever serves it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from crm_models.registry.versions import current_version

Model = TypeVar("Model")


class LiveModel(Generic[Model]):
    """Loads a model when it is first asked for, and again when another version is in use.

    Looking up the version reads one small file, some 20 microseconds.
    """

    def __init__(self, models: Path, name: str, load: Callable[[Path], Model]) -> None:
        self._models, self._name, self._load = models, name, load
        self._loaded: tuple[str, Model] | None = None
        self._loading = threading.Lock()

    def get(self) -> Model | None:
        """The model in use; None where it was never trained.

        Raises:
            BadModel: the version in use cannot be read.
        """
        version = current_version(self._models, self._name)
        if version is None:
            return None
        loaded = self._loaded
        if loaded is None or loaded[0] != version:
            with self._loading:
                loaded = (version, self._load(self._models / self._name / version))
                self._loaded = loaded
        return loaded[1]

"""The versions of each model: a folder each, and a file that names the one in use.

    {home}/crm/churn/churn-20261124-101500/model.json, ...
    {home}/crm/churn/CURRENT

A version is written whole before the file names it, so that a reader finds the old model or the new one.
Needs the standard library only, as the action server looks up the current version on every turn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from crm_models.errors import UnknownVersion

CURRENT = "CURRENT"
KEPT = 5  # versions of a model, the current one among them


def current_version(models: Path, name: str) -> str | None:
    """The version in use; None where the model was never trained.

    Args:
        models: the folder of all customer models.
    """
    try:
        version = (models / name / CURRENT).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return version if version and (models / name / version).is_dir() else None


def current_folder(models: Path, name: str) -> Path | None:
    """Where the version in use lies; None where the model was never trained."""
    version = current_version(models, name)
    return None if version is None else models / name / version


def versions_of(models: Path, name: str) -> tuple[str, ...]:
    """All versions that are kept, the newest first."""
    folder = models / name
    if not folder.is_dir():
        return ()
    found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return tuple(path.name for path in sorted(found, key=lambda path: path.name, reverse=True))


def model_names(models: Path) -> tuple[str, ...]:
    """The models that have a version, by name."""
    if not models.is_dir():
        return ()
    return tuple(sorted(path.name for path in models.iterdir() if versions_of(models, path.name)))


def add_version(models: Path, name: str, version: str, save: Callable[[Path], None]) -> Path:
    """Write a version without making it the one in use; the same version is replaced.

    Args:
        save: writes the model into the folder it is given.
    """
    folder = models / name
    _remove_unversioned(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / version)
    return folder / version


def use_version(models: Path, name: str, version: str) -> None:
    """Make a version the one in use.

    Raises:
        UnknownVersion: there is no such version of the model.
    """
    folder = models / name
    if not (folder / version).is_dir():
        there = ", ".join(versions_of(models, name)) or "none"
        raise UnknownVersion(f"There is no version {version} of the {name} model; there are: {there}.")
    descriptor, aside = tempfile.mkstemp(prefix=".current-", dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as pointer:
        pointer.write(version + "\n")
    Path(aside).replace(folder / CURRENT)


def prune(models: Path, name: str, kept: int = KEPT, needed: Collection[str] = ()) -> None:
    """Remove the oldest versions beyond `kept`; never the one in use, nor one that is `needed`."""
    current = current_version(models, name)
    others = [version for version in versions_of(models, name) if version != current and version not in needed]
    for version in others[max(kept - 1, 0) :]:
        shutil.rmtree(models / name / version, ignore_errors=True)


def remove_model(models: Path, name: str) -> None:
    """Remove a model with all its versions."""
    shutil.rmtree(models / name, ignore_errors=True)


def _remove_unversioned(folder: Path) -> None:
    """A model that an older program wrote without versions is replaced."""
    if (folder / "model.json").exists():
        shutil.rmtree(folder)

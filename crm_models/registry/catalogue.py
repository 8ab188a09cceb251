"""What is known of each kept version, for whoever decides which one to use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crm_models.errors import UnknownModel, UnknownVersion
from crm_models.model_files import ModelCard, read_card
from crm_models.registry.decision import Decision, read_decision
from crm_models.registry.versions import current_version, model_names, use_version, versions_of


@dataclass(frozen=True)
class Version:
    model: str
    version: str
    current: bool
    folder: Path
    card: ModelCard | None
    decision: Decision | None

    @property
    def trained_at(self) -> datetime | None:
        return None if self.card is None else self.card.trained_at


def list_versions(models: Path, name: str | None = None) -> tuple[Version, ...]:
    """Of one model or of all, by name, the newest first.

    Raises:
        UnknownModel: there is no model of that name.
        BadModel: a card is damaged.
    """
    names = model_names(models)
    if name is not None and name not in names:
        raise UnknownModel(
            f"There is no {name} model; there are: {', '.join(names) or 'none'}. `rapport models train` makes them."
        )
    return tuple(
        _version(models, each, version)
        for each in names
        if name in (None, each)
        for version in versions_of(models, each)
    )


def find_version(models: Path, name: str, version: str | None = None) -> Version:
    """One version; the one in use unless it is named.

    Raises:
        UnknownModel, UnknownVersion: there is none.
    """
    found = list_versions(models, name)
    for each in found:
        if each.version == version or (version is None and each.current):
            return each
    there = ", ".join(each.version for each in found)
    if version is None:
        raise UnknownVersion(f"No version of the {name} model is in use; choose one of {there}.")
    raise UnknownVersion(f"There is no version {version} of the {name} model; there are: {there}.")


def roll_back(models: Path, name: str, version: str | None = None) -> tuple[str | None, str]:
    """Use another version: the named one, or the newest that is older than the one in use.

    Returns:
        The version that was in use, and the one that is now.

    Raises:
        UnknownModel, UnknownVersion: there is none.
    """
    found = list_versions(models, name)
    current = current_version(models, name)
    if version is None:
        older = [each.version for each in found if current is None or each.version < current]
        if not older:
            raise UnknownVersion(f"There is no version of the {name} model older than {current}.")
        version = older[0]
    use_version(models, name, version)
    return current, version


def _version(models: Path, name: str, version: str) -> Version:
    folder = models / name / version
    current = current_version(models, name) == version
    return Version(name, version, current, folder, read_card(folder), read_decision(folder))

"""Versions of a model on disk: the one in use, going back, and picking up a new one while serving."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_models.errors import UnknownModel, UnknownVersion
from crm_models.registry.catalogue import find_version, list_versions, roll_back
from crm_models.registry.live import LiveModel
from crm_models.registry.versions import (
    KEPT,
    add_version,
    current_folder,
    current_version,
    prune,
    use_version,
    versions_of,
)


def write(models: Path, version: str, use: bool = True) -> None:
    def save(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(version)

    add_version(models, "churn", version, save)
    if use:
        use_version(models, "churn", version)


def test_a_new_version_is_served_only_when_it_is_put_in_use(tmp_path: Path) -> None:
    assert current_folder(tmp_path, "churn") is None
    write(tmp_path, "churn-1")
    write(tmp_path, "churn-2", use=False)
    assert current_version(tmp_path, "churn") == "churn-1"
    use_version(tmp_path, "churn", "churn-2")
    assert current_folder(tmp_path, "churn") == tmp_path / "churn" / "churn-2"
    assert versions_of(tmp_path, "churn") == ("churn-2", "churn-1")


def test_a_training_that_dies_leaves_the_older_version_in_use(tmp_path: Path) -> None:
    write(tmp_path, "churn-1")

    def fail(folder: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        add_version(tmp_path, "churn", "churn-2", fail)
    assert current_version(tmp_path, "churn") == "churn-1"
    assert versions_of(tmp_path, "churn") == ("churn-1",)


def test_a_bounded_number_of_versions_is_kept_and_the_one_in_use_always(tmp_path: Path) -> None:
    for number in range(KEPT + 4):
        write(tmp_path, f"churn-{number}", use=number == 0)
        prune(tmp_path, "churn")
    kept = versions_of(tmp_path, "churn")
    assert len(kept) == KEPT
    assert kept[0] == f"churn-{KEPT + 3}" and kept[-1] == "churn-0"


def test_rolling_back_uses_the_version_before_or_the_one_named(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write(tmp_path, f"churn-{number}")
    assert roll_back(tmp_path, "churn") == ("churn-3", "churn-2")
    assert roll_back(tmp_path, "churn") == ("churn-2", "churn-1")
    with pytest.raises(UnknownVersion, match="older than churn-1"):
        roll_back(tmp_path, "churn")
    assert roll_back(tmp_path, "churn", "churn-3") == ("churn-1", "churn-3")
    with pytest.raises(UnknownVersion, match=r"churn-9.*churn-3, churn-2, churn-1"):
        roll_back(tmp_path, "churn", "churn-9")
    assert list_versions(tmp_path)[0].current


def test_an_unknown_model_is_answered_with_those_there_are(tmp_path: Path) -> None:
    write(tmp_path, "churn-1")
    with pytest.raises(UnknownModel, match=r"no value model; there are: churn"):
        find_version(tmp_path, "value")


def test_a_model_without_versions_of_an_older_program_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "churn").mkdir()
    (tmp_path / "churn" / "model.json").write_text("{}")
    (tmp_path / "churn" / "card.json").write_text("{}")
    assert current_version(tmp_path, "churn") is None
    write(tmp_path, "churn-1")
    assert {path.name for path in (tmp_path / "churn").iterdir()} == {"CURRENT", "churn-1"}


def test_a_server_uses_a_new_version_and_a_rollback_without_a_restart(tmp_path: Path) -> None:
    live = LiveModel(tmp_path, "churn", lambda folder: (folder / "model.json").read_text())
    assert live.get() is None
    write(tmp_path, "churn-1")
    assert live.get() == "churn-1"
    write(tmp_path, "churn-2")
    assert live.get() == "churn-2"
    roll_back(tmp_path, "churn")
    assert live.get() == "churn-1"


def test_a_model_that_did_not_change_is_read_once(tmp_path: Path) -> None:
    loads: list[Path] = []
    live = LiveModel(tmp_path, "churn", lambda folder: loads.append(folder) or len(loads))
    write(tmp_path, "churn-1")
    assert [live.get(), live.get()] == [1, 1]

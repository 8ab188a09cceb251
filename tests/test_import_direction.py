"""Imports point one way, seen from a fresh interpreter: what a package loads, not what its text says."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
RASA = {"rasa", "rasa_sdk"}
# Slow to load, and of no use where nothing is trained.
LEARNING = {"torch", "tensorflow", "transformers", "sklearn", "pandas"}


def modules_of(package: str) -> list[str]:
    """The package and every module below it, but not those that run when they are imported."""
    folder = PROJECT / package
    found = pkgutil.walk_packages([str(folder)], prefix=f"{package}.")
    return [package, *(each.name for each in found if "migrations" not in each.name and "__main__" not in each.name)]


def loaded_by(modules: list[str]) -> set[str]:
    """The top-level names in memory after importing `modules` in a new interpreter."""
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *modules], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("knowledge", {"crm_models", "bot", "actions", "web", "demo", *RASA}),
        ("crm_models", {"knowledge", "bot", "actions", "web", "demo", *RASA}),
        ("web", {"bot", "actions", "demo", *RASA}),
    ],
)
def test_package_loads_nothing_above_it(package: str, others: set[str]) -> None:
    assert not loaded_by(modules_of(package)) & others


def test_action_server_loads_no_learning_library() -> None:
    # Its modules as rasa-sdk finds them, so every action is loaded.
    assert not loaded_by(modules_of("actions")) & LEARNING


def test_action_server_loads_no_bot() -> None:
    assert not loaded_by(modules_of("actions")) & {"bot", "web", "rasa"}


@pytest.mark.parametrize("package", ["actions", "crm_models", "knowledge", "web"])
def test_importing_a_package_writes_no_file(package: str, tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import importlib\n" + "\n".join(
        f"importlib.import_module({name!r})" for name in modules_of(package)
    )
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())

"""Help comes at once and shows an example for every command."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from bot.cli.app import app


def names_of(typed: typer.Typer, before: str = "") -> list[str]:
    """What is typed for each command, those of a group with the group's name before."""
    own = [f"{before}{command.name or command.callback.__name__}" for command in typed.registered_commands]
    groups = [names_of(group.typer_instance, f"{before}{group.name} ") for group in typed.registered_groups]
    return own + [name for group in groups for name in group]


COMMANDS = names_of(app)


def test_the_commands_of_the_manual_exist():
    assert {
        "up", "seed", "train", "chat", "status", "ingest", "ask", "export", "import-shop", "bench",
        "nlu check", "nlu review", "nlu import",
    } <= set(COMMANDS)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_of_the_command(rapport, command):
    outcome = rapport(*command.split(), "--help")
    assert outcome.code == 0
    assert f"Example: rapport {command}" in outcome.said


def test_help_imports_nothing_heavy():
    heavy = ["rasa", "torch", "pandas", "faiss", "sqlalchemy", "onnxruntime", "tensorflow"]
    script = (
        "import sys; from bot.cli.main import run; run(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("typed", "named"), [(("upp",), "'upp'"), (("up", "--prot", "1"), "--prot"), (("up", "--port", "x"), "--port")]
)
def test_a_mistyped_command_is_one_sentence(rapport, typed, named):
    outcome = rapport(*typed)
    assert outcome.code == 2
    assert named in outcome.complained
    assert "--help" in outcome.complained
    assert "Traceback" not in outcome.complained
    assert len(outcome.complained.splitlines()) == 1

"""The documents tell what is: commands parse and run, snippets work, settings and files are those there are."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from bot.cli import prepare
from bot.cli.app import app
from bot.cli.config import SETTINGS, known_variables, read_config
from bot.cli.main import run
from bot.settings import PROJECT
from crm_models.features import FEATURES
from crm_models.segments.model import Segmentation
from crm_models.staff import Role
from crm_models.tables import metadata, personal_columns
from tests.conversations.format import FOLDER as CONVERSATIONS
from tests.conversations.format import Conversation, read_conversation
from tests.markdown import Block, anchors, blocks, commands, inline_code, links, rows

README = PROJECT / "README.md"
FOLDER = PROJECT / "docs"
MAIN = [README, PROJECT / "CHANGELOG.md", *sorted(FOLDER.glob("*.md"))]
DOCUMENTS = [*MAIN, PROJECT / "demo" / "README.md", PROJECT / "tests" / "conversations" / "README.md"]
BLOCKS = [block for path in DOCUMENTS for block in blocks(path)]
COMMANDS = sorted({line for path in DOCUMENTS for line in commands(path)})
# Quick, and without a trained bot. The others must parse; conversations and the tests of bot/cli run them.
RUN = ("import-shop", "ingest", "export", "status", "bench list")
DOWN = 1
_OURS = ("actions/", "benchmarks/", "bot/", "crm_models/", "demo/", "docs/", "knowledge/", "scripts/", "tests/", "web/")
# Executes the blocks of one document one after the other; a block with a file's name becomes that module.
_EXECUTE = """
import json, sys, types
for place, name, code in json.load(sys.stdin):
    module = types.ModuleType(name or "__snippet__")
    sys.modules[module.__name__] = module
    try:
        exec(compile(code, place, "exec"), module.__dict__)
    except BaseException as error:
        sys.exit(f"{place}: {type(error).__name__}: {error}")
"""


def cli() -> Any:
    return typer.main.get_command(app)


def every_command(group: Any = None, before: str = "") -> dict[str, Any]:
    """Each command by what is typed for it, those of a group with the group's name before."""
    found = {}
    for name, command in (group or cli()).commands.items():
        typed = f"{before}{name}"
        found |= {typed: command}
        if hasattr(command, "commands"):
            found |= every_command(command, f"{typed} ")
    return found


def parse(line: str) -> None:
    """Read a command line as the program would, without doing it."""
    command, name, rest = cli(), "rapport", shlex.split(line)[1:]
    while hasattr(command, "commands"):
        name, *rest = rest or ["--help"]
        if name == "--help":
            return
        assert name in command.commands, f"there is no command {name!r}"
        command = command.commands[name]
    for option in command.params:
        if getattr(option, "prompt", None):
            option.prompt = None
    command.make_context(name, rest)


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the documents show, to work in, and an empty database."""
    for block in BLOCKS:
        if block.file and block.language in ("json", "markdown"):
            target = tmp_path / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- commands ---


def test_the_two_commands_come_first() -> None:
    first = "\n".join(README.read_text(encoding="utf-8").splitlines()[:30])
    assert "make up" in first and "make test" in first and "docs/images/chat.png" in first


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one_that_there_is(line: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "rapport":
        parse(line)
    elif program == "make":
        makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in arguments)
    else:
        assert program.removeprefix(".venv/bin/") == "pytest"
        for argument in arguments:
            assert "/" not in argument or (PROJECT / argument).exists(), argument


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.removeprefix("rapport ").startswith(RUN)])
def test_a_quick_command_runs(line: str, written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "--unmasked" in line:
        pytest.skip("asks for a password; tests/bot/cli does it")
    prepare.open_database(read_config()).dispose()
    code = run(shlex.split(line)[1:])
    assert code == (DOWN if "status" in line else 0), capsys.readouterr()


def test_examples_of_the_help_parse() -> None:
    for name, command in every_command().items():
        assert command.epilog and command.epilog.startswith(f"Example: rapport {name}"), name
        parse(command.epilog.removeprefix("Example: "))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_command_named_in_a_sentence_exists(path: Path) -> None:
    known = {*every_command(), "--help", "COMMAND"}
    groups = {name.split()[0] for name in known if " " in name}
    for code in inline_code(path):
        if code.startswith("rapport "):
            words = code.split()[1:]
            assert " ".join(words[: 1 + (words[0] in groups and len(words) > 1)]) in known, code


def test_the_readme_or_the_docs_name_every_command() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in MAIN)
    assert [name for name in every_command() if f"rapport {name}" not in text and f"`{name}`" not in text] == []


def test_the_tour_is_held_by_conversations() -> None:
    told = [text for cells in rows(README, "type") for text in re.findall(r"`([^`]+)`", cells[0])]
    held = [
        step.user
        for path in CONVERSATIONS.glob("*_through_the_tour.yml")
        for step in read_conversation(path).steps
        if step.user is not None
    ]
    assert sorted(told) == sorted(held)


# --- snippets ---


@pytest.mark.parametrize("path", sorted({each.path for each in BLOCKS if each.language == "python"}), ids=named)
def test_the_python_of_a_document_works(path: Path, written: Path) -> None:
    code = [
        (str(block), (block.file or "").removesuffix(".py").replace("/", ".") or None, block.text)
        for block in blocks(path)
        if block.language == "python"
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _EXECUTE],
        input=json.dumps(code),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "RAPPORT_TOKEN_KEY": "k" * 40},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language in ("json", "yaml")], ids=str)
def test_data_in_a_document_can_be_read(block: Block) -> None:
    content = yaml.safe_load(block.text) if block.language == "yaml" else json.loads(block.text)
    if "steps:" in block.text and "rules:" not in block.text:
        Conversation.model_validate(content)


def test_the_sentences_of_the_new_skill_are_those_its_action_says() -> None:
    text = (FOLDER / "dialogue.md").read_text(encoding="utf-8")
    outcomes = re.findall(r'^    [A-Z_]+ = "(\w+)"', text, re.MULTILINE)
    assert outcomes and all(f"utter_price_match_{outcome}:" in text for outcome in outcomes)


# --- settings and facts ---


def shown(value: Any) -> str:
    """A default as the table of settings shows it."""
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT) if value.is_absolute() else value}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "empty" if value in ("", ()) else f"`{value}`"


def test_every_setting_is_documented_with_its_default() -> None:
    table = {cells[0].strip("`"): cells[1] for cells in rows(FOLDER / "operating.md", "setting")}
    defaults = {
        f"RAPPORT_{name.upper()}": shown(field.default)
        for each in SETTINGS
        for name, field in each.model_fields.items()
    }
    assert table == defaults


@pytest.mark.parametrize("path", MAIN, ids=named)
def test_no_setting_is_named_that_there_is_not(path: Path) -> None:
    assert set(re.findall(r"RAPPORT_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))) <= known_variables()


def test_every_personal_column_is_documented() -> None:
    table = {
        cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1])) for cells in rows(FOLDER / "privacy.md", "table")
    }
    marked = {each.name: set(personal_columns(each)) for each in metadata.sorted_tables}
    assert table == {name: columns for name, columns in marked.items() if columns}


def test_every_intent_is_documented() -> None:
    told = [name for cells in rows(FOLDER / "dialogue.md", "intents") for name in re.findall(r"`(\w+)`", cells[0])]
    domain = yaml.safe_load((PROJECT / "bot" / "domain" / "domain.yml").read_text(encoding="utf-8"))
    assert sorted(told) == sorted(domain["intents"])


def test_features_segments_and_roles_are_documented() -> None:
    table = {cells[0].strip("`"): cells[1] for cells in rows(FOLDER / "models.md", "column")}
    assert table == FEATURES
    text = (FOLDER / "models.md").read_text(encoding="utf-8")
    assert all(f"`{label}`" in text for label in Segmentation.labels)
    assert [cells[0].strip("`") for cells in rows(FOLDER / "staff.md", "role")] == [role.value for role in Role]


def test_the_fields_of_the_gateway_are_documented() -> None:
    source = (PROJECT / "bot" / "channels" / "gateway.py").read_text(encoding="utf-8")
    read = set(re.findall(r'body(?:\.get\(|\[)"(\w+)"', source)) | {"replies", "paused"}
    told = set(re.findall(r"`(\w+)`", (FOLDER / "channels.md").read_text(encoding="utf-8")))
    assert read <= told


def test_the_figures_are_where_they_are_filled_in() -> None:
    assert re.search(r"<!-- bench:serving -->\n(?:\|.*\n)+<!-- /bench -->", README.read_text(encoding="utf-8"))


# --- links and files ---


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_file_named_exists(path: Path) -> None:
    examples = {block.file for block in BLOCKS}
    for code in inline_code(path):
        if code.startswith(_OURS) and " " not in code and code not in examples:
            assert any(PROJECT.glob(code.rstrip("/"))), code


def test_every_page_can_be_reached_from_the_readme() -> None:
    assert {f"docs/{path.name}" for path in FOLDER.glob("*.md")} <= set(links(README))

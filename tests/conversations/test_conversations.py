"""Conversations with the real bot and the real action server, one behaviour each; the file's name is the sentence."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot.settings import PROJECT
from tests.conversations.format import conversation_files, read_conversation
from tests.conversations.talk import Talk
from tests.stack import Stack

FILES = conversation_files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_conversation(path: Path, request: pytest.FixtureRequest) -> None:
    told = read_conversation(path)
    stack: Stack = request.getfixturevalue("foreign_stack" if told.shop == "imported" else "stack")
    stack.restore()
    Talk(stack, told).hold()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_a_sentence_about_responses_that_exist(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", path.stem)
    for step in read_conversation(path).steps:
        assert step.bot is None or set(step.bot.response) <= responses()


@cache
def responses() -> set[str]:
    """The names of all sentences of the domain."""
    domain = (PROJECT / "bot" / "domain").glob("*.yml")
    return {name for path in domain for name in yaml.safe_load(path.read_text()).get("responses", {})}

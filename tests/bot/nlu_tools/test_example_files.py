"""Examples are read with their places, and added without a change elsewhere."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.loading import load_data

from bot.nlu_tools.errors import BadExamples, CannotWrite
from bot.nlu_tools.examples import read_examples, same_key
from bot.nlu_tools.write import NEW_FILE, add_example, unmarked

FILE = """\
version: "3.1"  # of Rasa

# Borders
#   order_status   where it is

nlu:
- intent: order_status   # one's own
  examples: |
    - where is my order
    - Where is [HV-104233](order_id)?

# The end of a task
- intent: goodbye
  examples: |
    - bye
    - see [you]{"entity": "name", "value": "You"}

- synonym: Berlin
  examples: |
    - berlin
"""
AS_A_LIST = """\
nlu:
  - intent: greet
    examples:
      - text: hello
      - text: |
          hi there
        metadata: {tone: warm}

  # the next one
  - intent: thanks
    examples: |
      - thanks
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "orders.yml").write_text(FILE, encoding="utf-8")
    return tmp_path


def as_rasa_reads(path: Path) -> list[tuple[str, str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        examples = [(each.get("intent"), each.get("text")) for each in load_data(str(path)).intent_examples]
    # Rasa warns with UserWarning itself; of its libraries only pkg_resources does.
    said = [str(each.message) for each in caught if each.category is UserWarning]
    assert [each for each in said if "pkg_resources" not in each] == []
    return examples


def test_examples_are_those_that_rasa_reads_with_the_lines_they_stand_in(data: Path) -> None:
    examples = read_examples(data)
    assert [(each.intent, each.text) for each in examples] == as_rasa_reads(data)
    lines = FILE.splitlines()
    assert all(each.marked in lines[each.line - 1] for each in examples)
    mark = examples[1].marks[0]
    assert (mark.entity, mark.text, mark.start) == ("order_id", "HV-104233", 9)
    assert examples[3].marks[0].value == "You"


def test_examples_in_a_list_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(AS_A_LIST, encoding="utf-8")
    assert [(each.intent, each.text, each.line) for each in read_examples(path)] == [
        ("greet", "hello", 4),
        ("greet", "hi there", 5),
        ("thanks", "thanks", 12),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("nlu:\n- intent: [a\n", "line 3: this is no YAML"),
        ("nlu:\n- intent: a\n  examples: |\n    - one\n    two\n", "line 5: an example of a does not begin with '- '"),
        (
            "nlu:\n- intent: a\n  examples: |\n    - '[x]{\"entity\": 5'\n    - [x]{oops}\n",
            "line 5: the marked entities",
        ),
        ("responses: {}\n", "There are no examples"),
    ],
)
def test_what_is_no_file_of_examples_is_refused_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "nlu.yml").write_text(content, encoding="utf-8")
    with pytest.raises(BadExamples, match=told.replace("[", r"\[")):
        read_examples(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadExamples, match="nowhere"):
        read_examples(tmp_path / "nowhere")


def test_an_example_is_one_more_line_where_those_of_its_intent_end(data: Path) -> None:
    add_example(data, "order_status", "when will my things come")
    before, after = FILE.splitlines(), (data / "orders.yml").read_text(encoding="utf-8").splitlines()
    added = after.index("    - when will my things come")
    assert after[added - 1] == "    - Where is [HV-104233](order_id)?"
    assert after[:added] + after[added + 1 :] == before
    assert ("order_status", "when will my things come") in as_rasa_reads(data)


def test_line_endings_and_the_end_of_a_file_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_bytes(b"nlu:\r\n- intent: greet\r\n  examples: |\r\n    - hi\r\n    - hello")
    add_example(path, "greet", "good day")
    assert path.read_bytes() == (
        b"nlu:\r\n- intent: greet\r\n  examples: |\r\n    - hi\r\n    - hello\r\n    - good day\r\n"
    )


def test_an_example_joins_a_list_behind_its_last_item(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(AS_A_LIST, encoding="utf-8")
    add_example(path, "greet", "good day")
    assert as_rasa_reads(path) == [
        ("greet", "hello"),
        ("greet", "hi there"),
        ("greet", "good day"),
        ("thanks", "thanks"),
    ]
    assert "  # the next one\n  - intent: thanks" in path.read_text(encoding="utf-8")


def test_an_intent_without_examples_gets_a_file_for_them(data: Path) -> None:
    assert add_example(data, "price_match", "do you match prices") == data / NEW_FILE
    add_example(data, "price_match", "cheaper elsewhere")
    assert [text for intent, text in as_rasa_reads(data) if intent == "price_match"] == [
        "do you match prices",
        "cheaper elsewhere",
    ]


@pytest.mark.parametrize(
    "examples", ["examples: ['- hi']", 'examples: "- hi"', "examples: [{text: hi}]", "examples: >\n    - hi"]
)
def test_a_file_that_cannot_take_a_line_is_left_alone(tmp_path: Path, examples: str) -> None:
    path = tmp_path / "nlu.yml"
    content = f"nlu:\n- intent: thanks\n  examples: |\n    - thanks\n- intent: greet\n  {examples}\n"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((CannotWrite, BadExamples), match=r"nlu\.yml"):
        add_example(path, "greet", "hello")
    assert path.read_text(encoding="utf-8") == content
    assert [each.name for each in tmp_path.iterdir()] == ["nlu.yml"]


@pytest.mark.parametrize(
    "typed",
    [
        "is [this](product) marked",
        'a [thing]{"entity": "x"} here',
        "- a list",
        "# no comment: 'quoted' \"too\" {a: b}",
        "two\nlines\tand a tab",
        "bell\x07 and zero\u200bwidth",
        "100 % | > & * ! @ `",
        "line\u2028separator",
    ],
)
def test_whatever_is_typed_is_read_back_as_plain_text(data: Path, typed: str) -> None:
    text = unmarked(typed)
    add_example(data, "goodbye", text)
    added = [each for each in read_examples(data) if each.intent == "goodbye"][-1]
    assert (added.text, added.marks) == (text, ())
    assert ("goodbye", text) in as_rasa_reads(data)
    assert same_key(text) == same_key("".join(each for each in typed if each.isprintable() or each.isspace()))


def test_texts_are_the_same_whatever_their_case_and_punctuation() -> None:
    assert same_key("Where's  my ORDER?!") == same_key("where s my order")
    assert same_key("ok 👍") != same_key("ok 👎")
    assert same_key("?") != same_key("!")

"""Files of words and tags, read, refused with the place, and written as training data that Rasa reads back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rasa.shared.importers.utils import training_data_from_paths

from bot.cli.main import run
from bot.nlu.entity_files import read_entity_files
from bot.nlu.errors import EntityFileError
from bot.nlu.training_text import TrainingText, training_texts

LINES = {
    "seq.in": "bring the blue kettle back\nhello there\nfrom Berlin to Bad Ems\n",
    "seq.out": "O O B-option B-product O\nO O\nO B-town O B-town I-town\n",
    "label": "return_items\ngreet\nask_delivery\n",
}
COLUMNS = """-DOCSTART- -X- O

# sent 1
bring VB O
the DT O
blue JJ B-option
kettle NN B-product

hello\tO
there\tO


# O
Bad I-town
Ems I-town
"""
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(files: dict[str, str]) -> Path:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode("utf-8"))
        return tmp_path

    return written


def said(texts: list[TrainingText]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(each.text, [(span.label, each.text[span.start : span.end]) for span in each.spans]) for each in texts]


def test_lines_with_intents(write: Write) -> None:
    folder = write(LINES)
    texts = read_entity_files(folder)
    assert texts == read_entity_files(folder / "seq.in")
    assert [each.intent for each in texts] == ["return_items", "greet", "ask_delivery"]
    assert said(texts) == [
        ("bring the blue kettle back", [("option", "blue"), ("product", "kettle")]),
        ("hello there", []),
        ("from Berlin to Bad Ems", [("town", "Berlin"), ("town", "Bad Ems")]),
    ]


def test_columns(write: Write) -> None:
    texts = read_entity_files(write({"shop.conll": COLUMNS}) / "shop.conll")
    assert said(texts) == [
        ("bring the blue kettle", [("option", "blue"), ("product", "kettle")]),
        ("hello there", []),
        ("# Bad Ems", [("town", "Bad Ems")]),
    ]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(write: Write) -> None:
    plain = read_entity_files(write(LINES))
    marked = {name: "\ufeff" + content.replace("\n", "\r\n") for name, content in LINES.items()}
    assert read_entity_files(write(marked)) == plain
    columns = read_entity_files(write({"a.conll": "\ufeff" + COLUMNS.replace("\n", "\r\n")}) / "a.conll")
    assert columns == read_entity_files(write({"b.conll": COLUMNS}) / "b.conll")


@pytest.mark.parametrize(
    ("changed", "file", "line", "remedy"),
    [
        ({"seq.out": "O O B-option B-product\nO O\nO O O O O\n"}, "seq.out", 1, "one tag"),
        ({"seq.out": "O O O O O\nO O\n"}, "seq.out", 3, "belong together"),
        ({"label": "greet\n"}, "label", 2, "belong together"),
        ({"seq.out": "O O O O O\nO S-town\nO O O O O\n"}, "seq.out", 2, "B-kind"),
        ({"seq.out": "O O O O O\nO B-a(b)\nO O O O O\n"}, "seq.out", 2, "letters"),
        ({"seq.in": "", "seq.out": "", "label": ""}, "seq.in", 1, "Give a file"),
    ],
)
def test_what_is_wrong_in_lines_is_told_with_its_place(
    write: Write, changed: dict[str, str], file: str, line: int, remedy: str
) -> None:
    with pytest.raises(EntityFileError, match=remedy) as caught:
        read_entity_files(write({**LINES, **changed}))
    assert f"{file}, line {line}:" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line", "remedy"),
    [("hello O\nthere\n", 2, "its tag"), ("hello O\nthere E-town\n", 2, "B-kind"), ("\n\n", 1, "Give a file")],
)
def test_what_is_wrong_in_columns_is_told_with_its_place(write: Write, content: str, line: int, remedy: str) -> None:
    with pytest.raises(EntityFileError, match=remedy) as caught:
        read_entity_files(write({"a.conll": content}) / "a.conll")
    assert f"a.conll, line {line}:" in str(caught.value)


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(b"hello O\nJ\xfcrgen B-name\n")
    with pytest.raises(EntityFileError, match=r"line 2: .*UTF-8"):
        read_entity_files(tmp_path / "a.conll")
    with pytest.raises(EntityFileError, match="no file"):
        read_entity_files(tmp_path / "b.conll")
    with pytest.raises(EntityFileError, match=r"seq\.in"):
        read_entity_files(tmp_path)


def test_imported_examples_are_what_rasa_reads(write: Write) -> None:
    odd = {
        "seq.in": "a [list](x) \\n of C:\\new - things\nthe [big] {one}\n",
        "seq.out": "O O O O O O O\nO B-size I-size\n",
        "label": "odd: name\nodd: name\n",
    }
    folder = write(odd)
    target = folder / "data" / "odd.yml"
    assert run(["nlu", "import", str(folder), "--to", str(target)]) == 0
    texts = training_texts(training_data_from_paths([str(target)], "en"))
    assert [each.intent for each in texts] == ["odd: name"] * 2
    # Marks have no escape in Rasa's form: brackets that look like one are told apart by a blank, or become round.
    assert said(texts) == [("a [list] (x) \\n of C:\\new - things", []), ("the (big) {one}", [("size", "(big) {one}")])]


def test_one_intent_for_all(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write({"a.conll": COLUMNS})
    target = folder / "a.yml"
    assert run(["nlu", "import", str(folder / "a.conll"), "--intent", "inform", "--to", str(target)]) == 0
    assert "option, product, town" in " ".join(capsys.readouterr().out.split())
    texts = training_texts(training_data_from_paths([str(target)], "en"))
    assert texts == [TrainingText(each.text, "inform", each.spans) for each in read_entity_files(folder / "a.conll")]


def test_mistakes_end_with_code_2_and_leave_no_file(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write({"a.conll": COLUMNS, "kept.yml": "mine"})
    for arguments, remedy in (
        ([str(folder / "a.conll"), "--to", str(folder / "b.yml")], "--intent"),
        ([str(folder / "a.conll"), "--intent", "inform", "--to", str(folder / "b.txt")], ".yml"),
        ([str(folder / "a.conll"), "--intent", "inform", "--to", str(folder / "kept.yml")], "another name"),
        ([str(folder / "none.conll"), "--intent", "inform", "--to", str(folder / "b.yml")], "no file"),
    ):
        assert run(["nlu", "import", *arguments]) == 2
        assert remedy in capsys.readouterr().err
    assert (folder / "kept.yml").read_text() == "mine" and not (folder / "b.yml").exists()

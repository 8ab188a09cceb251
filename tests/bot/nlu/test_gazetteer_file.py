from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.nlu.gazetteer import GazetteerFile, read_gazetteer


def write(path: Path, products: list[str], mtime: int) -> None:
    rows = [{"id": str(number), "name": name} for number, name in enumerate(products)]
    content = {"products": rows, "options": {"colour": ["red"]}, "order_prefixes": ["HV-"]}
    path.write_text(json.dumps(content), encoding="utf-8")
    os.utime(path, (mtime, mtime))


def test_without_a_file_only_patterns_are_known(tmp_path: Path) -> None:
    assert GazetteerFile(tmp_path / "gazetteer.json").current().products == ()


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.json"
    file = GazetteerFile(path)
    write(path, ["Kettle"], 1_000)
    assert file.current().products == ("Kettle",)
    write(path, ["Kettle", "Toaster"], 2_000)
    assert file.current().products == ("Kettle", "Toaster")
    path.unlink()
    assert file.current().products == ()


def test_a_broken_file_is_logged_once_and_what_was_known_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "gazetteer.json"
    file = GazetteerFile(path)
    write(path, ["Kettle"], 1_000)
    file.current()
    path.write_text("{", encoding="utf-8")
    assert file.current().products == ("Kettle",)
    assert file.current().products == ("Kettle",)
    assert len(caplog.records) == 1 and str(path) in caplog.text


@pytest.mark.parametrize("content", ["[]", '{"products": [{"id": 1}]}', '{"products": 3}'])
def test_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "gazetteer.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError):
        read_gazetteer(path)


def test_plain_lists_do_as_well(tmp_path: Path) -> None:
    path = tmp_path / "gazetteer.json"
    path.write_text('{"products": ["Kettle"], "options": ["red", "red"]}', encoding="utf-8")
    gazetteer = read_gazetteer(path)
    assert gazetteer.products == ("Kettle",) and gazetteer.options == ("red",)

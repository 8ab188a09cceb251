"""The readers, on small files in the published layouts; the draws, which must be the same every time."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.datasets import READERS, SOURCES, Examples, read
from benchmarks.draws import few_shot, first_labels, set_aside, some, with_labels
from benchmarks.errors import MissingData

MANY = Examples(tuple(f"text {number}" for number in range(60)), tuple("abc"[number % 3] for number in range(60)))


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_banking77_is_csv_with_quoted_texts(tmp_path: Path) -> None:
    write(tmp_path / "banking77" / "train.csv", 'text,category\n"Where, please?",card\n"two\nlines",top_up\n')
    write(tmp_path / "banking77" / "test.csv", "text,category\nhi,card\n")
    splits = read(tmp_path, "banking77")
    assert splits["train"] == Examples(("Where, please?", "two\nlines"), ("card", "top_up"))
    assert splits["test"].labels == ("card",)


def test_clinc150_is_packed_json_with_out_of_scope_splits(tmp_path: Path) -> None:
    content = {
        prefix + split: [[f"{prefix}{split} text", "oos" if prefix else "greeting"]]
        for prefix in ("", "oos_") for split in ("train", "val", "test")
    }  # fmt: skip
    (tmp_path / "clinc150").mkdir()
    with gzip.open(tmp_path / "clinc150" / "data_full.json.gz", "wt", encoding="utf-8") as file:
        json.dump(content, file)
    splits = read(tmp_path, "clinc150")
    assert set(splits) == {"train", "valid", "test", "oos_train", "oos_valid", "oos_test"}
    assert splits["valid"] == Examples(("val text",), ("greeting",))
    assert splits["oos_test"] == Examples(("oos_test text",), ("oos",))


def test_hwu64_has_a_line_for_each_example(tmp_path: Path) -> None:
    for split in ("train", "valid", "test", "train_5", "train_10"):
        write(tmp_path / "hwu64" / split / "seq.in", f"wake me {split}\nplay jazz \n")
        write(tmp_path / "hwu64" / split / "label", "alarm_set\nplay_music\n")
    assert read(tmp_path, "hwu64")["valid"] == Examples(("wake me valid", "play jazz"), ("alarm_set", "play_music"))


def test_banking77_oos_names_what_is_near_and_what_is_far(tmp_path: Path) -> None:
    for folder in ("train", "valid", "test", "id-oos/valid", "id-oos/test", "ood-oos/valid", "ood-oos/test"):
        write(tmp_path / "banking77_oos" / folder / "seq.in", f"{folder}\n")
        write(tmp_path / "banking77_oos" / folder / "label", "oos\n" if "-" in folder else "card\n")
    splits = read(tmp_path, "banking77_oos")
    assert splits["near_test"].texts == ("id-oos/test",)
    assert splits["far_valid"].texts == ("ood-oos/valid",)


def test_snips_has_a_tag_for_each_token(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        write(tmp_path / "snips" / split / "seq.in", "play step to me \n")
        write(tmp_path / "snips" / split / "seq.out", "O B-track I-track I-track \n")
        write(tmp_path / "snips" / split / "label", "PlayMusic\n")
    found = read(tmp_path, "snips")["test"]
    assert found.tags == (("O", "B-track", "I-track", "I-track"),)
    assert found.only([0, 0]).tags == found.tags * 2


def test_sst2_is_split_at_the_last_tab(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        write(tmp_path / "sst2" / f"{name}.tsv", "a fine , odd film\t1\ndull\t0\n")
    assert read(tmp_path, "sst2")["valid"] == Examples(("a fine , odd film", "dull"), ("1", "0"))


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_named_with_where_the_data_can_be_had(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=rf"There is no file {tmp_path}/{name}/.*{SOURCES[name]}"):
        read(tmp_path, name)


def test_without_a_data_folder_the_remedy_is_said() -> None:
    with pytest.raises(MissingData, match=r"banking77 .*Give --data"):
        read(None, "banking77")


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "hwu64" / "train" / "seq.in", "one\ntwo\n")
    write(tmp_path / "hwu64" / "train" / "label", "a\n")
    with pytest.raises(MissingData, match=r"seq\.in has 2, label has 1 lines"):
        read(tmp_path, "hwu64")


def test_a_few_shot_draw_has_so_many_of_each_label_and_depends_on_the_seed_alone() -> None:
    drawn = few_shot(MANY, 5, seed=1)
    assert Counter(drawn.labels) == {"a": 5, "b": 5, "c": 5}
    assert len(set(drawn.texts)) == 15
    assert few_shot(MANY, 5, seed=1) == drawn
    assert few_shot(MANY, 5, seed=2) != drawn
    # What is drawn of one label is the same without the others.
    assert set(few_shot(with_labels(MANY, frozenset("b")), 5, seed=1).texts) < set(drawn.texts)
    assert len(few_shot(MANY, 100, seed=1)) == 60


def test_setting_aside_loses_nothing_and_leaves_each_label_some() -> None:
    rest, aside = set_aside(MANY, 0.1, seed=3)
    assert Counter(aside.labels) == {"a": 2, "b": 2, "c": 2}
    assert set(rest.texts) | set(aside.texts) == set(MANY.texts)
    assert not set(rest.texts) & set(aside.texts)
    alone, none = set_aside(Examples(("x",), ("a",)), 0.5, seed=3)
    assert (len(alone), len(none)) == (1, 0)


def test_parts_for_a_first_look() -> None:
    assert first_labels(MANY, 2) == {"a", "b"}
    assert len(some(MANY, 7, seed=0)) == 7
    assert some(MANY, 100, seed=0) == MANY

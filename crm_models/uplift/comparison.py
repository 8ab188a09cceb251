"""How learners compare on customers that they have not seen, and so what each counts for in the average served."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crm_models.uplift.averaging import PARTS, averaged, shares_of, standardised, weights_of
from crm_models.uplift.heads import Floats
from crm_models.uplift.learners import CANDIDATES, Learner
from crm_models.uplift.qini import Trial, qini, qini_interval

AVERAGE = "average"  # the name of what is served, see `crm_models.uplift.averaging`
_FOLDS = 4
_HELD_OUT = 4  # every fourth customer measures the average that was weighted without it
_FOREST_ROWS = (1000, 10_000)  # with fewer the causal forest says nothing, with more it takes too long to compare


@dataclass(frozen=True)
class Comparison:
    """Qini coefficients, see `crm_models.uplift.qini`."""

    best: str  # what is served: AVERAGE; a learner in models of before there was one
    chosen_by: Mapping[str, float]  # mean over the folds, by learner; of the customers that gave the weights
    held_out: Mapping[str, float]  # by learner and of what is served, on customers that neither fitted nor weighted
    low: float  # 95 % of the best on the latter
    high: float
    effect: float  # average effect on the latter
    rows: int  # of the latter
    weights: Mapping[str, float] = field(default_factory=dict)  # of each learner in the average, they sum to 1
    shares: Mapping[str, float] = field(default_factory=dict)  # by which its effects are multiplied


@dataclass(frozen=True)
class CrossValidation:
    """Of a cross-validation: mean Qini over the folds by learner, and the average that follows from it."""

    scores: Mapping[str, float]
    weights: Mapping[str, float]
    shares: Mapping[str, float]


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
    """Weigh by cross-validation on three quarters of the customers, and measure on the fourth.

    Args:
        groups: int (rows,); rows of one customer have the same number and are never parted.
    """
    kinds = candidates_for(len(values))
    held = _parts(groups, _HELD_OUT, seed) == 0
    found = cross_validate(values[~held], trial.only(~held), groups[~held], kinds, seed, progress)
    test = trial.only(held)
    measured = {**kinds, AVERAGE: averaged(found.shares)}
    told = {name: fit(values[~held], trial.only(~held), seed).predict(values[held]) for name, fit in measured.items()}
    low, high = qini_interval(told[AVERAGE], test, seed)
    return Comparison(
        best=AVERAGE,
        chosen_by=found.scores,
        held_out={name: qini(each, test) for name, each in told.items()},
        low=low,
        high=high,
        effect=test.effect,
        rows=len(test),
        weights=found.weights,
        shares=found.shares,
    )


def cross_validate(
    values: Floats,
    trial: Trial,
    groups: NDArray[np.int64],
    kinds: Mapping[str, Learner],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    folds: int = _FOLDS,
) -> CrossValidation:
    """Each learner on folds that it has not seen; `kinds` holds all PARTS of the average, and others for comparison."""
    tested = []
    estimates = {name: np.zeros(len(values)) for name in kinds}
    for number, (learn, test) in enumerate(folds_of(groups, seed, folds)):
        for name, fit in kinds.items():
            estimates[name][test] = fit(values[learn], trial.only(learn), seed).predict(values[test])
        tested.append(test)
        if progress is not None:
            progress(number + 1, folds)
    scores = {name: _mean([qini(each[test], trial.only(test)) for test in tested]) for name, each in estimates.items()}
    told = {name: standardised(estimates[name], tested) for name in PARTS}
    weights = weights_of({name: each for name, (each, _) in told.items()}, scores, trial, seed)
    return CrossValidation(scores, weights, shares_of(weights, {name: spread for name, (_, spread) in told.items()}))


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

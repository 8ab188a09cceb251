"""Candidates compared by repeated stratified cross-validation, and the rule that chooses.

The blend is a logistic regression on the candidates' log-odds with weights that are not negative (stacking, Wolpert
1992; Breiman 1996), fitted on predictions for rows that the candidates had not seen; with one candidate it is Platt's
calibration (1999). From the simplest to the blend, the first one serves whose log-loss is not worse than the lowest by
more than one standard error of the paired difference over all folds (Breiman et al. 1984, "the one-standard-error
rule").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.candidates import CANDIDATES, Factory
from crm_models.churn.encoding import Floats
from crm_models.churn.linear import logistic, sigmoid
from crm_models.churn.metrics import scores_of
from crm_models.training import Progress

BLEND = "blend"
_PENALTY = 1e-4  # of the blend's weights
_LEAST_WEIGHT = 0.02  # in the blend; less is left out


@dataclass(frozen=True)
class Rows:
    """What candidates learn from; `group` keeps rows of one customer in one fold, None where each is another's."""

    codes: Floats  # (rows, columns), NaN for what is missing
    left: NDArray[np.bool_]
    levels: tuple[int, ...]
    directions: tuple[int, ...]
    group: NDArray[Any] | None = None

    def at(self, chosen: NDArray[Any]) -> Rows:
        group = None if self.group is None else self.group[chosen]
        return Rows(self.codes[chosen], self.left[chosen], self.levels, self.directions, group)


@dataclass(frozen=True)
class Plan:
    repeats: int = 3
    folds: int = 5
    seed: int = 7
    most_rows: int = 20_000  # compared on a sample of so many; the winner learns from all
    candidates: Mapping[str, Factory] = field(default_factory=lambda: CANDIDATES)


@dataclass(frozen=True)
class Comparison:
    """`scores` by candidate: each measure's mean over the repeats, and its standard deviation as `..._spread`."""

    scores: Mapping[str, Mapping[str, float]]
    chosen: str
    weights: Mapping[str, float]  # of the log-odds of the candidates that serve
    bias: float
    because: str
    unseen_chance: Floats  # calibrated probabilities of rows that were not learned from, to choose a threshold on
    unseen_left: NDArray[np.bool_]


def compare(rows: Rows, plan: Plan, progress: Progress | None = None) -> Comparison:
    """Every candidate on every fold, then the rule. The same rows and plan give the same comparison."""
    rows = _sample(rows, plan)
    names = list(plan.candidates)
    unseen = np.zeros((plan.repeats, len(rows.left), len(names)))
    folds = [_folds(rows, plan, repeat) for repeat in range(plan.repeats)]
    done, total = 0, plan.repeats * plan.folds * len(names)
    for repeat, parts in enumerate(folds):
        for number in range(plan.folds):
            learn = rows.at(parts != number)
            for place, name in enumerate(names):
                model = plan.candidates[name]().fit(
                    learn.codes, learn.left, learn.levels, learn.directions, plan.seed + repeat
                )
                unseen[repeat, parts == number, place] = model.log_odds(rows.codes[parts == number])
                done += 1
                if progress is not None:
                    progress(f"comparing {name}", done, total)
    return _choose(rows.left, unseen, folds, names)


def _choose(left: NDArray[np.bool_], unseen: Floats, folds: list[NDArray[np.intp]], names: list[str]) -> Comparison:
    choices = {name: [place] for place, name in enumerate(names)}
    if len(names) > 1:
        choices[BLEND] = list(range(len(names)))
    chances = {name: _crossed(left, unseen[:, :, places], folds) for name, places in choices.items()}
    losses = {name: _losses(left, chance, folds) for name, chance in chances.items()}
    chosen, because = _simplest_of_the_best(losses)
    places = choices[chosen]
    weight, bias = _stack(unseen[:, :, places].reshape(-1, len(places)), np.tile(left, len(unseen)))
    kept = [number for number, share in enumerate(weight) if share >= _LEAST_WEIGHT]
    if kept and len(kept) < len(places):
        places = [places[number] for number in kept]
        weight, bias = _stack(unseen[:, :, places].reshape(-1, len(places)), np.tile(left, len(unseen)))
    return Comparison(
        {name: _summary(left, chance) for name, chance in chances.items()},
        chosen,
        {names[place]: float(each) for place, each in zip(places, weight, strict=True)},
        bias,
        because,
        chances[chosen].mean(axis=0),
        left,
    )


def _simplest_of_the_best(losses: Mapping[str, Floats]) -> tuple[str, str]:
    """By the rule above; `losses` in the order from the simplest on, (repeats * folds,) each."""
    best = min(losses, key=lambda name: losses[name].mean())
    for name, own in losses.items():
        behind = own - losses[best]
        error = float(behind.std(ddof=1) / np.sqrt(len(behind)))
        if behind.mean() <= error and name != best:
            return name, (
                f"it is the simplest whose log-loss is within one standard error ({error:.4f}) of the lowest, "
                f"{behind.mean():.4f} behind {best}"
            )
        if name == best:
            break
    return best, "its log-loss is the lowest, and no simpler one comes within a standard error"


def _crossed(left: NDArray[np.bool_], unseen: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Calibrated probabilities, (repeats, rows); those of a fold by weights that were fitted on the others."""
    chances = np.zeros(unseen.shape[:2])
    for repeat, parts in enumerate(folds):
        for number in np.unique(parts):
            other, own = parts != number, parts == number
            weight, bias = _stack(unseen[repeat, other], left[other])
            chances[repeat, own] = sigmoid(unseen[repeat, own] @ weight + bias)
    return chances


def _stack(log_odds: Floats, left: NDArray[np.bool_]) -> tuple[Floats, float]:
    return logistic(log_odds, left, np.ones(log_odds.shape[1], dtype=int), _PENALTY)


def _losses(left: NDArray[np.bool_], chances: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Log-loss of each fold of each repeat, (repeats * folds,)."""
    each = -np.log(np.clip(np.where(left, chances, 1 - chances), 1e-12, None))
    return np.array(
        [each[repeat, parts == number].mean() for repeat, parts in enumerate(folds) for number in np.unique(parts)]
    )


def _summary(left: NDArray[np.bool_], chances: Floats) -> dict[str, float]:
    each = [scores_of(chance, left) for chance in chances]
    found = {}
    for name in each[0]:
        values = np.array([scores[name] for scores in each])
        found[name], found[f"{name}_spread"] = float(values.mean()), float(values.std())
    return found


def _folds(rows: Rows, plan: Plan, repeat: int) -> NDArray[np.intp]:
    """The number of each row's fold."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # type: ignore[import-untyped]

    kind = StratifiedKFold if rows.group is None else StratifiedGroupKFold
    splitter = kind(plan.folds, shuffle=True, random_state=plan.seed + repeat)
    parts = np.zeros(len(rows.left), dtype=np.intp)
    for number, (_, own) in enumerate(splitter.split(rows.codes, rows.left, rows.group)):
        parts[own] = number
    return parts


def _sample(rows: Rows, plan: Plan) -> Rows:
    """At most `most_rows`, whole groups, drawn by the seed."""
    if len(rows.left) <= plan.most_rows:
        return rows
    random = np.random.default_rng(plan.seed)
    if rows.group is None:
        return rows.at(np.sort(random.choice(len(rows.left), plan.most_rows, replace=False)))
    groups = np.unique(rows.group)
    share = plan.most_rows / len(rows.left)
    drawn = random.choice(groups, max(int(len(groups) * share), plan.folds), replace=False)
    return rows.at(np.isin(rows.group, drawn))

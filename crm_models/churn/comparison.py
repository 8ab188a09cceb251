"""Candidates compared by repeated stratified cross-validation, and the rule that chooses.

The blend is a logistic regression on the candidates' log-odds with weights that are not negative (stacking, Wolpert
1992; Breiman 1996), fitted on predictions for rows that the candidates had not seen; with one candidate it is Platt's
calibration (1999). From the simplest to the blend, the first one serves whose log-loss is not worse than the lowest by
more than one standard error of the paired difference over all folds (Breiman et al. 1984, "the one-standard-error
rule").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    weight: Floats | None = None  # how many rows of all each stands for, mean 1, where outcomes were drawn unequally

    def at(self, chosen: NDArray[Any]) -> Rows:
        group = None if self.group is None else self.group[chosen]
        weight = None if self.weight is None else self.weight[chosen]
        return Rows(self.codes[chosen], self.left[chosen], self.levels, self.directions, group, weight)

    @property
    def too_many(self) -> float:
        """By how much the log-odds of leaving are higher in these rows than in all that they stand for."""
        if self.weight is None:
            return 0.0
        return float(np.log(self.weight[~self.left][0] / self.weight[self.left][0]))


@dataclass(frozen=True)
class Plan:
    repeats: int = 3
    folds: int = 5
    seed: int = 7
    most_rows: int = 20_000  # compared on a sample of so many; the winner learns from all
    rare_rows: int = 2_000  # of the rarer outcome at least so many are in it where there are so many, else all
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
    share_left: float
    drawn: Rows | None = None  # where outcomes were drawn unequally, what those that serve learn from too


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
                found = model.log_odds(rows.codes[parts == number])
                unseen[repeat, parts == number, place] = found - rows.too_many
                done += 1
                if progress is not None:
                    progress(f"comparing {name}", done, total)
    return _choose(rows, unseen, folds, names)


def _choose(rows: Rows, unseen: Floats, folds: list[NDArray[np.intp]], names: list[str]) -> Comparison:
    left = rows.left
    weight = np.ones(len(left)) if rows.weight is None else rows.weight
    choices = {name: [place] for place, name in enumerate(names)}
    if len(names) > 1:
        choices[BLEND] = list(range(len(names)))
    chances = {name: _crossed(left, weight, unseen[:, :, places], folds) for name, places in choices.items()}
    losses = {name: _losses(left, weight, chance, folds) for name, chance in chances.items()}
    chosen, because = _simplest_of_the_best(losses)
    places = choices[chosen]

    def stacked() -> tuple[Floats, float]:
        every = unseen[:, :, places].reshape(-1, len(places))
        return _stack(every, np.tile(left, len(unseen)), np.tile(weight, len(unseen)))

    share, bias = stacked()
    kept = [number for number, each in enumerate(share) if each >= _LEAST_WEIGHT]
    if kept and len(kept) < len(places):
        places = [places[number] for number in kept]
        share, bias = stacked()
    return Comparison(
        {name: _summary(left, weight, chance) for name, chance in chances.items()},
        chosen,
        {names[place]: float(each) for place, each in zip(places, share, strict=True)},
        bias,
        because,
        chances[chosen].mean(axis=0),
        left,
        float(np.average(left, weights=weight)),
        None if rows.weight is None else rows,
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


def _crossed(left: NDArray[np.bool_], weight: Floats, unseen: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Calibrated probabilities, (repeats, rows); those of a fold by weights that were fitted on the others."""
    chances = np.zeros(unseen.shape[:2])
    for repeat, parts in enumerate(folds):
        for number in np.unique(parts):
            other, own = parts != number, parts == number
            share, bias = _stack(unseen[repeat, other], left[other], weight[other])
            chances[repeat, own] = sigmoid(unseen[repeat, own] @ share + bias)
    return chances


def _stack(log_odds: Floats, left: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    return logistic(log_odds, left, np.ones(log_odds.shape[1], dtype=int), _PENALTY, weight)


def _losses(left: NDArray[np.bool_], weight: Floats, chances: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Log-loss of each fold of each repeat, (repeats * folds,)."""
    each = -np.log(np.clip(np.where(left, chances, 1 - chances), 1e-12, None))
    return np.array(
        [
            np.average(each[repeat, parts == number], weights=weight[parts == number])
            for repeat, parts in enumerate(folds)
            for number in np.unique(parts)
        ]
    )


def _summary(left: NDArray[np.bool_], weight: Floats, chances: Floats) -> dict[str, float]:
    each = [scores_of(chance, left, weight) for chance in chances]
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
    """At most `most_rows`, drawn by the seed: whole groups, or each outcome for itself.

    Of a rare outcome more are drawn than its share, up to all of them, as a plain sample would have a handful; each row
    then stands for as many as it was drawn from (King & Zeng 2001, "Logistic regression in rare events data").
    """
    if len(rows.left) <= plan.most_rows:
        return rows
    random = np.random.default_rng(plan.seed)
    if rows.group is None:
        rare = rows.left if rows.left.sum() * 2 <= len(rows.left) else ~rows.left
        places = [np.flatnonzero(rare), np.flatnonzero(~rare)]
        equal = round(len(places[0]) * plan.most_rows / len(rare))
        wanted = max(equal, min(len(places[0]), plan.rare_rows, plan.most_rows // 2))
        sizes = (wanted, plan.most_rows - wanted)
        drawn = [random.choice(place, size, replace=False) for place, size in zip(places, sizes, strict=True)]
        if wanted == equal:
            return rows.at(np.sort(np.concatenate(drawn)))
        weight = np.empty(len(rare))
        for place, size in zip(places, sizes, strict=True):
            weight[place] = len(place) / size * plan.most_rows / len(rare)
        return replace(rows, weight=weight).at(np.sort(np.concatenate(drawn)))
    groups = np.unique(rows.group)
    share = plan.most_rows / len(rows.left)
    chosen = random.choice(groups, max(int(len(groups) * share), plan.folds), replace=False)
    return rows.at(np.isin(rows.group, chosen))

"""What another policy would have earned, estimated from the decisions that were logged.

A log holds, for each decision, the chance with which its action was chosen. Where another policy would have chosen the
same action more often, its outcome counts more: importance weighting (Horvitz and Thompson 1952). The estimators are
those of Dudík, Langford and Li 2011, "Doubly robust policy evaluation and learning", section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
FEWEST_EFFECTIVE = 100.0
"""Decisions that an estimate must rest on, as Kish counts them: with fewer, a normal interval covers too seldom."""
MOST_WITHOUT_SUPPORT = 0.01
"""Share of the other policy's choices that the log may never have made; they are counted as if they earned nothing."""
_OFF_BY = 4.0  # standard errors that the mean weight may lie from 1, before the chances in the log are doubted

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LoggedDecisions:
    """Decisions with what came of them, one row each.

    Attributes:
        reward: float (n,), what was earned, in cents.
        action: int (n,), the column of the action that was taken.
        chance: float (n, actions), with which the logging policy chose each action; rows sum to 1.
        context: float (n, k), what was known before the choice; finite, roughly of one scale.
        customer: int (n,), whose decision it was: decisions of one customer are not independent.

    Raises:
        ValueError: the shapes differ, a value is not finite, or an action was taken that had no chance.
    """

    reward: Floats
    action: NDArray[np.int64]
    chance: Floats
    context: Floats
    customer: NDArray[np.int64]

    def __post_init__(self) -> None:
        rows = len(self.reward)
        if not (len(self.action) == len(self.chance) == len(self.context) == len(self.customer) == rows):
            raise ValueError("Every decision needs a reward, an action, chances, a context and a customer.")
        if not (np.isfinite(self.reward).all() and np.isfinite(self.context).all()):
            raise ValueError("Rewards and contexts must be finite numbers.")
        if rows and (not np.allclose(self.chance.sum(axis=1), 1.0, atol=1e-6) or self.chance.min() < 0.0):
            raise ValueError("The chances of a decision must be 0 or more and sum to 1.")
        if rows and self.taken_chance.min() <= 0.0:
            raise ValueError("An action was taken that had no chance.")

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def taken_chance(self) -> Floats:
        """The propensity: chance of the action that was taken, float (n,)."""
        return np.asarray(self.chance[np.arange(len(self)), self.action])


@dataclass(frozen=True)
class Estimate:
    """Mean reward of a decision, in cents, with an interval of LEVEL."""

    value: float
    error: float  # standard error
    low: float
    high: float


@dataclass(frozen=True)
class Overlap:
    """How much of the log says something about the other policy."""

    decisions: int
    effective: float  # decisions, after Kish: (sum w)^2 / sum w^2
    mean_weight: float  # 1, but for chance
    weight_error: float  # standard error of it
    largest_weight: float
    without_support: float  # share of the other policy's choices that had no chance in the log

    @property
    def refusal(self) -> str | None:
        """Why no estimate can be trusted, one sentence with the remedy; None where it can."""
        if self.without_support > MOST_WITHOUT_SUPPORT:
            return (
                f"{self.without_support:.0%} of what this policy would choose was never tried by the logged one, so "
                "the log cannot say what comes of it. Try it on a part of the customers: `rapport experiment new`."
            )
        if self.effective < FEWEST_EFFECTIVE:
            return (
                f"This policy chooses so differently that {self.decisions} logged decisions say as much as "
                f"{self.effective:.0f} of its own; {FEWEST_EFFECTIVE:.0f} are needed. Log for longer, let the policy "
                "explore more, or change less at a time."
            )
        if abs(self.mean_weight - 1.0) > _OFF_BY * max(self.weight_error, 1e-9):
            return (
                f"The weights of the decisions have a mean of {self.mean_weight:.2f} and should have 1: the chances in "
                "the log are not those with which its actions were chosen. Evaluate decisions of one policy version."
            )
        return None


@dataclass(frozen=True)
class Evaluation:
    """The other policy's value by three estimators, the logged policy's own, and the gain.

    `ips` is without bias and spreads most; `snips` has a small bias and spreads less; `doubly_robust` is right when
    either the chances or the model of the outcomes are. `gain` is the doubly robust value less the logged one, decision
    by decision. `matched` is what one would read off without weights: the mean over the decisions in which the other
    policy would have chosen the same; it is biased, and shown to compare.
    """

    overlap: Overlap
    logged: Estimate
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    gain: Estimate
    matched: float | None


def evaluate(log: LoggedDecisions, target: Floats, folds: int = 5) -> Evaluation:
    """Estimate the value of a policy that chooses with the chances `target`.

    Args:
        target: float (n, actions), the chance with which the other policy chooses each action; rows sum to 1.
        folds: over customers; the model of the outcomes predicts only customers it has not seen.

    Raises:
        ValueError: `target` has another shape, or its rows do not sum to 1.
    """
    if target.shape != log.chance.shape or not np.allclose(target.sum(axis=1), 1.0, atol=1e-6):
        raise ValueError("The other policy needs a chance for each decision and action, with rows that sum to 1.")
    rows = np.arange(len(log))
    weight = target[rows, log.action] / log.taken_chance
    expected = expected_rewards(log, folds)
    model = (target * expected).sum(axis=1)
    robust = model + weight * (log.reward - expected[rows, log.action])
    same = target.argmax(axis=1) == log.action
    return Evaluation(
        overlap=overlap(log, target),
        logged=_mean(log.reward, log.customer),
        ips=_mean(weight * log.reward, log.customer),
        snips=_ratio(weight, log.reward, log.customer),
        doubly_robust=_mean(robust, log.customer),
        gain=_mean(robust - log.reward, log.customer),
        matched=float(log.reward[same].mean()) if same.any() else None,
    )


def overlap(log: LoggedDecisions, target: Floats) -> Overlap:
    """What the weights say, before any outcome is looked at."""
    weight = target[np.arange(len(log)), log.action] / log.taken_chance
    whole, squares = float(weight.sum()), float((weight**2).sum())
    mean = _mean(weight, log.customer)
    return Overlap(
        decisions=len(log),
        effective=whole**2 / squares if squares > 0 else 0.0,
        mean_weight=mean.value,
        weight_error=mean.error,
        largest_weight=float(weight.max(initial=0.0)),
        without_support=float(target[log.chance <= 0.0].sum() / max(len(log), 1)),
    )


def expected_rewards(log: LoggedDecisions, folds: int = 5) -> Floats:
    """Reward to expect of each action, float (n, actions), by ridge regression on other customers' decisions.

    An action that is seldom taken differs from the mean of all by little: its own part is shrunk as the rest is.
    """
    fold = log.customer % folds if folds > 1 else np.zeros(len(log), dtype=np.int64)
    found = np.zeros_like(log.chance)
    for number in np.unique(fold):
        held = fold == number
        learn = ~held if (~held).any() else held
        weights = _ridge(_design(log.context[learn], log.action[learn], log.chance.shape[1]), log.reward[learn])
        for action in range(log.chance.shape[1]):
            taken = np.full(int(held.sum()), action)
            found[held, action] = _design(log.context[held], taken, log.chance.shape[1]) @ weights
    return found


def _design(context: Floats, action: NDArray[np.int64], actions: int) -> Floats:
    """Constant, context, and both once more for the action taken alone, float (n, (k + 1) * (actions + 1))."""
    base = np.column_stack([np.ones(len(context)), context])
    own = np.zeros((len(context), actions, base.shape[1]))
    own[np.arange(len(context)), action] = base
    return np.hstack([base, own.reshape(len(context), -1)])


def _ridge(design: Floats, reward: Floats, penalty: float = 10.0) -> Floats:
    """Hoerl and Kennard 1970; the constant is not shrunk."""
    shrink = np.full(design.shape[1], penalty)
    shrink[0] = 1e-9
    solved = np.linalg.lstsq(design.T @ design + np.diag(shrink), design.T @ reward, rcond=None)[0]
    return np.asarray(solved)


def _mean(values: Floats, customer: NDArray[np.int64]) -> Estimate:
    return _estimate(float(values.mean()) if len(values) else 0.0, values - values.mean(), customer)


def _ratio(weight: Floats, reward: Floats, customer: NDArray[np.int64]) -> Estimate:
    """Weighted mean; its error by the delta method (Owen 2013, Monte Carlo, section 9.2)."""
    whole = float(weight.sum())
    if whole <= 0:
        return Estimate(0.0, np.inf, -np.inf, np.inf)
    value = float((weight * reward).sum() / whole)
    return _estimate(value, weight * (reward - value) * len(weight) / whole, customer)


def _estimate(value: float, deviation: Floats, customer: NDArray[np.int64]) -> Estimate:
    """The interval by the spread between customers (Liang and Zeger 1986), with Student's t for few of them."""
    from scipy.stats import t  # type: ignore[import-untyped]

    of_customer = np.unique(customer, return_inverse=True)[1]
    sums = np.bincount(of_customer, weights=deviation)
    groups = len(sums)
    if groups < 2:
        return Estimate(value, np.inf, -np.inf, np.inf)
    error = float(np.sqrt(groups / (groups - 1) * (sums**2).sum()) / len(deviation))
    reach = float(t.ppf((1 + LEVEL) / 2, groups - 1)) * error
    return Estimate(value, error, value - reach, value + reach)

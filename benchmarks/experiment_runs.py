"""Made-up experiments looked at daily, read by the same function as real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from crm_models.experiments.sequences import Arm, difference, enough

Floats = NDArray[np.float64]
# Draws the outcomes of so many customers, float (customers,).
Draw = Callable[[np.random.Generator, int], Floats]


def share(chance: float) -> Draw:
    """Outcomes of 1 with this chance, else 0."""
    return lambda rng, count: (rng.random(count) < chance).astype(np.float64)


def spend(chance: float, mean: float, spread: float) -> Draw:
    """Margin of customers who buy with this chance: log-normal with this mean, `spread` that of its logarithm."""
    scale = np.log(mean) - spread**2 / 2

    def draw(rng: np.random.Generator, count: int) -> Floats:
        bought = rng.random(count) < chance
        return np.where(bought, rng.lognormal(scale, spread, count), 0.0)

    return draw


@dataclass(frozen=True)
class Found:
    """What one comparison came to, looked at daily."""

    alarm: int | None  # customers known when the interval first left out zero
    upwards: bool  # whether it was above zero then
    held: bool  # whether every interval held the true difference
    naive: bool  # whether a plain test, made each day at the same level, was ever significant


@dataclass(frozen=True)
class Days:
    """How many customers become known each day, all variants together, and of how many days."""

    daily: int
    count: int


def compare(
    rng: np.random.Generator,
    draws: tuple[Draw, Draw],
    part: float,
    days: Days,
    level: float,
    planned: float,
    truth: float,
    is_share: bool,
) -> Found:
    """One variant against its control.

    Args:
        part: chance to be drawn into the variant.
        truth: the difference of the means that there is.
    """
    to_variant = rng.random((days.count, days.daily)) < part
    values = [draw(rng, days.daily * days.count).reshape(days.count, days.daily) for draw in draws]
    arms = [_daily_arms(values[0], ~to_variant), _daily_arms(values[1], to_variant)]
    z = float(norm.isf(level / 2))
    alarm, upwards, held, naive = None, False, True, False
    for control, variant in zip(*arms, strict=True):
        interval = difference(control, variant, level, planned, share=is_share)
        naive = naive or _significant(control, variant, z, is_share)
        if interval is None:
            continue
        held = held and interval.low <= truth <= interval.high
        if alarm is None and not interval.low <= 0.0 <= interval.high:
            alarm, upwards = control.customers + variant.customers, interval.low > 0
    return Found(alarm, upwards, held, naive)


def _significant(control: Arm, variant: Arm, z: float, is_share: bool) -> bool:
    if not enough(control, variant, is_share):
        return False
    spread = control.variance / control.customers + variant.variance / variant.customers
    return abs(variant.mean - control.mean) > z * float(np.sqrt(spread))


def _daily_arms(values: Floats, mine: NDArray[np.bool_]) -> Sequence[Arm]:
    """What is known of one variant after each day, from values and marks (days, customers)."""
    counts = np.cumsum(mine.sum(axis=1))
    kept = np.where(mine, values, 0.0)
    sums, squares = np.cumsum(kept.sum(axis=1)), np.cumsum((kept**2).sum(axis=1))
    events = np.cumsum((kept != 0).sum(axis=1))
    means = sums / np.maximum(counts, 1)
    variances = np.maximum(squares - counts * means**2, 0.0) / np.maximum(counts - 1, 1)
    return [
        Arm(int(n), float(m), float(v), int(e)) for n, m, v, e in zip(counts, means, variances, events, strict=True)
    ]

"""The difference of two variants with an interval that may be looked at as often as one likes.

An asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024, "Time-uniform central limit theory
and asymptotic confidence sequences", Annals of Statistics 52(6), theorem 2.2): with t customers, standard deviation
sigma of what one of them contributes, and a number rho > 0,

    estimate +- sigma sqrt( 2 (t rho^2 + 1) / (t^2 rho^2) log( sqrt(t rho^2 + 1) / level ) )

holds the truth at all t at once with a chance of at least 1 - level, for many customers. It is Robbins' normal mixture
with the variance that was found in place of the known one, so it makes no assumption about the outcomes but a finite
variance. rho says where it is tightest (their appendix on optimising rho): at the planned number of customers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# No interval before that: with less, the variance that was found says little about the true one.
LEAST_CUSTOMERS = 50  # of each variant
LEAST_EVENTS = 10  # outcomes that are not zero, both variants together, and for shares as many that are


@dataclass(frozen=True)
class Arm:
    """The outcomes of one variant's customers."""

    customers: int
    mean: float
    variance: float  # of one customer, with n - 1
    events: int  # outcomes that are not zero


@dataclass(frozen=True)
class Interval:
    """Variant less control, in the metric's unit."""

    effect: float
    low: float
    high: float


def mixture(level: float) -> float:
    """x = t rho^2 at which the interval is tightest for t: the solution of x = log((x + 1) / level^2).

    In the paper written as -W(-level^2 / e) - 1 with the lower branch of Lambert's W. The iteration contracts by
    1 / (x + 1) < 1/6 a step for a level below 0.25.
    """
    x = -2.0 * math.log(level)
    for _ in range(40):
        x = math.log((x + 1.0) / level**2)
    return x


def half_width(customers: Any, deviation: Any, level: float, planned: float) -> Any:
    """Half of the interval's width.

    Args:
        customers: t, both variants together; a number or an array (looks,).
        deviation: sigma, of one customer's contribution; like `customers`.
        level: of this interval, over all t.
        planned: t at which it is tightest.
    """
    x = customers * (mixture(level) / planned)
    # sqrt and log of arrays or numbers alike, without numpy where a number is enough
    inner = 2.0 * (x + 1.0) / (customers * x) * _log((x + 1.0) ** 0.5 / level)
    return deviation * inner**0.5


def enough(control: Arm, variant: Arm, share: bool) -> bool:
    """Whether an interval may be computed from so few outcomes."""
    events = control.events + variant.events
    without = control.customers + variant.customers - events
    few = LEAST_EVENTS if share else 0
    return min(control.customers, variant.customers) >= LEAST_CUSTOMERS and events >= LEAST_EVENTS and without >= few


def difference(control: Arm, variant: Arm, level: float, planned: float, *, share: bool) -> Interval | None:
    """The difference of the means with its interval; None while there are too few outcomes.

    A customer drawn into the variant with chance p contributes (y - mean) / p, one drawn into the control
    -(y - mean) / (1 - p): their mean is the difference of the means, their variance over t customers
    t (var_1 / n_1 + var_0 / n_0).

    Args:
        planned: customers of both variants together at which the interval is tightest.
        share: the outcomes are 0 and 1.
    """
    if not enough(control, variant, share):
        return None
    effect = variant.mean - control.mean
    customers = control.customers + variant.customers
    spread = control.variance / control.customers + variant.variance / variant.customers
    half = float(half_width(customers, math.sqrt(customers * spread), level, planned))
    return Interval(effect, effect - half, effect + half)


def _log(value: Any) -> Any:
    if isinstance(value, float):
        return math.log(value)
    import numpy as np

    return np.log(value)

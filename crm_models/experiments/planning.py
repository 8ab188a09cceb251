"""How many customers an experiment needs: for the sequence it is read by, not for one look at the end.

At the planned number N the standardised sum of contributions is close to a Brownian motion with drift, Z(s) = W(s) +
theta s at the share s of N, theta = effect sqrt(N) / sigma. The interval leaves zero out once |Z(s)| exceeds

    b(s) = sqrt( 2 (s x + 1) / x  log( sqrt(s x + 1) / level ) ),   x = N rho^2,

and the chance that this happens at one of the looks is found by recursive numerical integration (Armitage, McPherson,
Rowe 1969). The drift that gives the wanted power gives N.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.stats import norm  # type: ignore[import-untyped]

from crm_models.experiments.sequences import half_width

LOOKS = 14  # evenly spaced until N; more of them find the effect a little more often
# Gauss-Legendre on [-1, 1]: between the bounds of a look the density is smooth.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(120)  # type: ignore[no-untyped-call]


def power(drift: float, level: float, looks: int = LOOKS) -> float:
    """Chance that the interval lies above zero at a look until N, for a drift above zero."""
    times = np.arange(1, looks + 1) / looks
    bound = times * half_width(times, 1.0, level, 1.0)
    step, spread = drift / looks, math.sqrt(1.0 / looks)
    found = float(norm.sf(bound[0], step, spread))
    places, weights = bound[0] * _NODES, bound[0] * _WEIGHTS
    density = norm.pdf(places, step, spread)
    for at in bound[1:]:
        mass = density * weights
        found += float(mass @ norm.sf(at - places, step, spread))
        following = at * _NODES
        density = norm.pdf(following[:, None] - places[None, :], step, spread) @ mass
        places, weights = following, at * _WEIGHTS
    return found


@lru_cache(maxsize=256)
def drift_for(level: float, wanted: float, looks: int = LOOKS) -> float:
    """The drift at which the power is as wanted, for one comparison at its level."""
    return float(brentq(lambda drift: power(drift, level, looks) - wanted, 0.5, 15.0, xtol=1e-4))


def customers_needed(deviation: float, effect: float, level: float, wanted: float) -> int:
    """Customers of both variants together.

    Args:
        deviation: of one customer's contribution, see `sequences.difference`.
        effect: the smallest difference that shall be found, absolute, above zero.
        level: of this comparison, over all looks.
        wanted: chance of finding it, 0 to 1.
    """
    return math.ceil((drift_for(level, wanted) * deviation / effect) ** 2)


def contribution_deviation(control_variance: float, variant_variance: float, variant_part: float) -> float:
    """Of a customer who is drawn into the variant with chance `variant_part`, else into the control."""
    return math.sqrt(control_variance / (1.0 - variant_part) + variant_variance / variant_part)

"""What makes a customer tick. Never written to the shop's database, only to the truth file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

# Some people buy often and most do not: orders a year are Gamma distributed over the customers, as in
# Schmittlein, Morrison and Colombo (1987), "Counting your customers".
_RATE_SHAPE, _RATE_SCALE, _RATE_LEAST = 1.5, 3.8, 1.2
_TASTE_CONCENTRATION = 0.55  # the lower, the more a customer keeps to a few categories


@dataclass(frozen=True)
class Traits:
    rate: float  # orders a year while content
    taste: tuple[float, ...]  # share of each category, in the catalogue's order; sums to 1
    price_sensitivity: float  # 0: takes what is best, 1: takes what is cheapest and waits for sales
    patience: float  # 0: one late parcel is enough, 1: forgives almost anything


def draw_traits(random: Generator, appeal: NDArray[np.float64]) -> Traits:
    """Traits of one customer; `appeal` is how many people care for each category, float (categories,)."""
    taste = random.dirichlet(_TASTE_CONCENTRATION * appeal / appeal.mean())
    return Traits(
        rate=_RATE_LEAST + float(random.gamma(_RATE_SHAPE, _RATE_SCALE)),
        taste=tuple(float(share) for share in taste),
        price_sensitivity=float(random.beta(2.0, 2.2)),
        patience=float(random.beta(2.2, 2.0)),
    )

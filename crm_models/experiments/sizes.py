"""Whether the variants have as many customers as they should: else something is noted wrongly, and no figure holds.

A test that may be looked at as often as one likes (Lindon and Malek 2022, "Anytime-valid inference for multinomial
count data", NeurIPS): the ratio of the counts' likelihood under a Dirichlet prior around the shares to that under the
shares exceeds 1 / p at any time with a chance of at most p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

OFF = 0.001  # below that the sizes are taken for wrong
_STRENGTH = 50.0  # of the prior: how close to the shares the true ones are looked for


def sizes_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How well the counts go with the shares: a p value that holds at all looks together, 0 to 1."""
    prior = [_STRENGTH * share for share in shares]
    ratio = math.lgamma(_STRENGTH) - math.lgamma(_STRENGTH + sum(counts))
    for count, share, weight in zip(counts, shares, prior, strict=True):
        ratio += math.lgamma(weight + count) - math.lgamma(weight) - count * math.log(share)
    return min(1.0, math.exp(-ratio))

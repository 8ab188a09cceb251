"""Names of segments: by what their customers are like, and the same again after the next training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BEST, LOYAL, OCCASIONAL, DRIFTING, LOST = "best", "loyal", "occasional", "drifting", "lost"
# What each name means, in deviations from the average customer: days since the last order, orders, money.
_MEANING = {
    BEST: (-0.9, 1.2, 1.2),
    LOYAL: (-0.6, 0.5, 0.5),
    OCCASIONAL: (-0.4, -0.6, -0.6),
    DRIFTING: (0.6, 0.3, 0.3),
    LOST: (1.0, -0.9, -0.9),
}
NAMES = tuple(_MEANING)
# A segment that moved farther than this, in deviations, is another one.
_SAME = 1.0
# Squared deviations that a name given twice costs.
_TWICE = 0.2


def name_clusters(centres: Floats, known: Floats | None = None, known_names: Sequence[str] = ()) -> tuple[str, ...]:
    """A name for each cluster; clusters with the same name are one segment.

    A cluster keeps the name of the earlier one that it is nearest to, all taken together; what is new is named by its
    profile. Both by the assignment of the least sum of squared distances (Kuhn 1955, the Hungarian method). A name is
    given twice rather than to a cluster that it does not describe: nobody silent for a year is to be called loyal.

    Args:
        centres: of the clusters, in deviations from the average, float (clusters, 3).
        known: centres of the earlier clusters on the same scale, float (earlier, 3).
        known_names: theirs.
    """
    names: dict[int, str] = {}
    if known is not None and len(known):
        for row, other in _pairs(_squares(centres, known)):
            if np.linalg.norm(centres[row] - known[other]) <= _SAME:
                names[row] = known_names[other]
    left = [row for row in range(len(centres)) if row not in names]
    price = _TWICE * np.array([name in names.values() for name in NAMES])
    once = _squares(centres[left], np.array(list(_MEANING.values()))) + price
    for row, other in _pairs(np.hstack([once, once + _TWICE])):
        names[left[row]] = NAMES[other % len(NAMES)]
    return tuple(names[row] for row in range(len(centres)))


def _squares(ones: Floats, others: Floats) -> Floats:
    return np.asarray(((ones[:, None, :] - others[None, :, :]) ** 2).sum(axis=2))


def _pairs(costs: Floats) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    rows, columns = linear_sum_assignment(costs)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))

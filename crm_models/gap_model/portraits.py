"""Portraits of gaps: customers whose interest exceeds their purchases in the same way, named by what is in excess."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BALANCED = "buys what is looked at"
_MOST = 12  # portraits
_FEWEST_OF_ONE = 0.02  # share of the customers with a gap, for a portrait of their own
_HARDLY = 0.5  # lines bought of the category in a year, on average, below which it counts as none


def portraits(gaps: Floats, bought: Floats, names: list[str], seed: int) -> tuple[Floats, list[str]]:
    """K-means over the gaps, as many groups as categories; groups of one name are one portrait.

    Args:
        gaps: excess interest by category, (customers, categories).
        bought: lines by category, the same shape.
        names: of the categories, for people.

    Returns:
        Centres, (portraits, categories), the first of them 0 and BALANCED; and their names.
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    groups = min(len(names), _MOST, max(len(gaps) // 25, 1))
    centres: dict[str, list[tuple[Floats, int]]] = {}
    if groups > 1:
        found = KMeans(groups, n_init=4, random_state=seed).fit(gaps)
        for number, centre in enumerate(found.cluster_centers_):
            own = found.labels_ == number
            if own.mean() >= _FEWEST_OF_ONE:
                centres.setdefault(_name(centre, bought[own], names), []).append((centre, int(own.sum())))
    told = sorted(centres)
    means = [np.average([c for c, _ in centres[name]], axis=0, weights=[n for _, n in centres[name]]) for name in told]
    return np.vstack([np.zeros((1, len(names))), *means]), [BALANCED, *told]


def nearest(gaps: Floats, centres: Floats) -> NDArray[np.intp]:
    """The number of each customer's portrait, (customers,)."""
    distance = ((gaps[:, None, :] - centres[None]) ** 2).sum(axis=2)
    return np.asarray(distance.argmin(axis=1))


def _name(centre: Floats, bought: Floats, names: list[str]) -> str:
    most = int(centre.argmax())
    much = "buys none" if bought[:, most].mean() < _HARDLY else "buys less"
    return f"looks at {names[most]}, {much}"[:60]

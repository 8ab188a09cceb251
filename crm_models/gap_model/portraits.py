"""Portraits of gaps: customers whose interest exceeds their purchases in the same way, named by what is in excess."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BALANCED = "buys what is looked at"
_MOST = 16  # groups
_FEWEST_OF_ONE = 0.02  # share of the customers, for a portrait of their own


def portraits(gaps: Floats, seed: int) -> tuple[Floats, tuple[int, ...]]:
    """K-means over the gaps, twice as many groups as categories; groups with the same leading category are one.

    Args:
        gaps: excess interest by category, (customers, categories).

    Returns:
        Centres, (portraits, categories), the first of them 0: no gap; and the leading category of the others.
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    groups = min(2 * gaps.shape[1], _MOST, max(len(gaps) // 25, 1))
    found = KMeans(groups, n_init=4, random_state=seed).fit(gaps)
    sizes = np.bincount(found.labels_, minlength=groups)
    leading = found.cluster_centers_.argmax(axis=1)
    kept = sizes >= _FEWEST_OF_ONE * len(gaps)
    categories = tuple(int(each) for each in np.unique(leading[kept]))
    centres = [
        np.average(found.cluster_centers_[own], axis=0, weights=sizes[own])
        for own in (kept & (leading == category) for category in categories)
    ]
    return np.vstack([np.zeros((1, gaps.shape[1])), *centres]), categories


def nearest(gaps: Floats, centres: Floats) -> NDArray[np.intp]:
    """The number of each customer's portrait, (customers,)."""
    distance = ((gaps[:, None, :] - centres[None]) ** 2).sum(axis=2)
    return np.asarray(distance.argmin(axis=1))


def portrait_of(category: str, bought: float) -> str:
    """What the portrait of a leading category is called, by the customer's own purchases in it."""
    return f"looks at {category[:35]}, {'buys less' if bought else 'buys none'}"

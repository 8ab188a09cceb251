"""Clusters of customers by recency, frequency and monetary value, and how many of them there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
KMEANS, HDBSCAN = "kmeans", "hdbscan"
NUMBERS = (4, 5, 6)  # of clusters, tried; with fewer, who buys little is not told from who buys no more
STABLE = 0.75  # mean adjusted Rand index from which on clusters are the same whoever is asked
_RESAMPLES, _SHARE = 10, 0.8
_AS_GOOD = 0.02  # of the silhouette; among numbers as good as the best one, more clusters say more
_MOST_ROWS = 2_000  # for the silhouette, the resamples and HDBSCAN, which all grow with the rows
_EXEMPLARS = 150  # customers kept of each of its clusters, to tell others by the nearest one


@dataclass(frozen=True)
class Scale:
    """Logarithms of recency, frequency and money, less their mean and over their deviation."""

    mean: Floats  # (3,)
    deviation: Floats  # (3,)

    @classmethod
    def of(cls, rfm: Floats) -> Scale:
        logs = _logs(rfm)
        spread = logs.std(axis=0)
        return cls(logs.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def points(self, rfm: Floats) -> Floats:
        """Where customers stand, float (customers, 3)."""
        return np.asarray((_logs(rfm) - self.mean) / self.deviation)

    def back(self, points: Floats) -> Floats:
        """Days, orders and cents of points: the inverse of `points`."""
        return np.asarray(np.expm1(points * self.deviation + self.mean))


def _logs(rfm: Floats) -> Floats:
    """All three have long tails: a year more is less than a week more was."""
    return np.asarray(np.log1p(np.maximum(rfm, 0.0)))


@dataclass(frozen=True)
class Clusters:
    """Points that stand for clusters: one each (K-Means), or many (HDBSCAN); the nearest one tells a customer's."""

    exemplars: Floats  # (exemplars, 3)
    cluster: Labels  # (exemplars,), 0 to the number of clusters

    def __len__(self) -> int:
        return int(self.cluster.max()) + 1

    @property
    def centres(self) -> Floats:
        return np.array([self.exemplars[self.cluster == number].mean(axis=0) for number in range(len(self))])

    def assign(self, points: Floats) -> Labels:
        """Cluster of each point, (customers,)."""
        found = np.empty(len(points), dtype=np.int64)
        norms = (self.exemplars**2).sum(axis=1)
        for start in range(0, len(points), 20_000):
            part = points[start : start + 20_000]
            found[start : start + 20_000] = np.argmin(norms - 2 * part @ self.exemplars.T, axis=1)
        return np.asarray(self.cluster[found])


@dataclass(frozen=True)
class Judged:
    """One number of clusters."""

    number: int
    silhouette: float  # Rousseeuw 1987: -1 to 1, how much nearer customers are to their cluster than to the next one
    stability: float  # mean adjusted Rand index (Hubert and Arabie 1985) between resamples and the whole, 1 is the same


def kmeans(points: Floats, number: int, seed: int, starts: int = 10) -> Clusters:
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    found = KMeans(number, n_init=starts, random_state=seed, algorithm="lloyd").fit(points)
    return Clusters(np.asarray(found.cluster_centers_, dtype=np.float64), np.arange(number))


def dense(points: Floats, seed: int) -> tuple[Clusters, float]:
    """Clusters of HDBSCAN (Campello, Moulavi and Sander 2013), and the share of customers that belong to none.

    As many as it finds, at most the number of names: the least dense go first.
    """
    from hdbscan import HDBSCAN as Hdbscan  # type: ignore[import-untyped]
    from sklearn.metrics import pairwise_distances  # type: ignore[import-untyped]

    random = np.random.default_rng(seed)
    rows = _some(points, _MOST_ROWS, random)
    # from the distances: from the points themselves it calls scikit-learn in a way that only 1.6 and later know
    found = Hdbscan(min_cluster_size=max(15, len(rows) // 50), min_samples=5, metric="precomputed").fit(
        pairwise_distances(rows)
    )
    sizes = np.bincount(found.labels_[found.labels_ >= 0], minlength=1)
    kept = np.argsort(-sizes, kind="stable")[: NUMBERS[-1]]
    if sizes.sum() == 0:
        return kmeans(points, 1, seed), 1.0
    exemplars, cluster = [], []
    for number, label in enumerate(kept):
        members = _some(rows[found.labels_ == label], _EXEMPLARS, random)
        exemplars.append(members)
        cluster.append(np.full(len(members), number))
    return Clusters(np.concatenate(exemplars), np.concatenate(cluster)), float((found.labels_ < 0).mean())


def judge(points: Floats, seed: int, numbers: Sequence[int] = NUMBERS) -> list[Judged]:
    """Silhouette and stability of each number of clusters."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    random = np.random.default_rng(seed)
    rows = _some(points, _MOST_ROWS, random)
    resamples = [random.permutation(len(rows))[: int(_SHARE * len(rows))] for _ in range(_RESAMPLES)]
    judged = []
    for number in numbers:
        whole = kmeans(rows, number, seed).assign(rows)
        again = [kmeans(rows[drawn], number, seed, starts=2).assign(rows) for drawn in resamples]
        same = [adjusted_rand_score(whole, each) for each in again]
        together = silhouette_score(rows, whole) if len(set(whole)) > 1 else -1.0
        judged.append(Judged(number, float(together), float(np.mean(same))))
    return judged


def choose(judged: Sequence[Judged], before: int | None = None) -> int:
    """How many clusters: as many as before while they are stable; else the best silhouette among the stable numbers,
    and where none is stable the most stable one."""
    stable = [each for each in judged if each.stability >= STABLE]
    if before is not None and before in [each.number for each in stable]:
        return before
    if not stable:
        return max(judged, key=lambda each: each.stability).number
    best = max(each.silhouette for each in stable)
    return max(each.number for each in stable if each.silhouette >= best - _AS_GOOD)


def _some(rows: Floats, most: int, random: np.random.Generator) -> Floats:
    return rows if len(rows) <= most else rows[np.sort(random.choice(len(rows), most, replace=False))]

"""Segments of customers by recency, frequency and monetary value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.model import CustomerModel, reason, values_of
from crm_models.segments.clusters import HDBSCAN, KMEANS, Clusters, Judged, Scale, choose, dense, judge, kmeans
from crm_models.segments.names import NAMES, name_clusters

Floats = NDArray[np.float64]
FEWEST_CUSTOMERS = 50
NEW_DAYS, NEW_ORDERS = 90, 2  # who ordered first less than that ago, and no more often, has shown no rhythm yet
NEW = "new"
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


class Segmentation(CustomerModel):
    """`fit` finds the clusters; the score is the mean rank in recency, frequency and money, 0 worst to 1 best.

    Args:
        method: "kmeans", with the number of clusters chosen by silhouette and stability, or "hdbscan".
        previous: the segmentation before this one; its number of clusters is kept while stable, and its names.
        seed: of the starts and of the resamples.
    """

    name = "segment"
    columns = ("no_order_for", "orders", "spent_cents", "ordering_for")
    labels = (NEW, *NAMES)
    unit = "of 1"

    def __init__(self, method: str = KMEANS, previous: Segmentation | None = None, seed: int = 7) -> None:
        super().__init__()
        if method not in (KMEANS, HDBSCAN):
            raise BadTable(f"There is no way of clustering {method!r}; choose {KMEANS} or {HDBSCAN}.")
        self.method = method
        self.seed = seed
        self.judged: list[Judged] = []  # numbers of clusters that were tried
        self.outside = 0.0  # share of customers that HDBSCAN puts nowhere; the nearest cluster is theirs
        self.names: tuple[str, ...] = ()  # of the clusters
        self.clusters: Clusters | None = None
        self.scale: Scale | None = None
        self.pictures: dict[str, bytes] = {}  # PNG by file name, written beside the model
        self._previous = previous
        self._edges: Floats = np.zeros((3, 4))  # of the fifths

    @property
    def fitted(self) -> bool:
        return self.clusters is not None

    def fit(self, table: pd.DataFrame) -> Self:
        values = values_of(table, self.columns, self.name)
        if len(values) < FEWEST_CUSTOMERS:
            raise BadTable(f"Segments need {FEWEST_CUSTOMERS} customers with an order; there are {len(values)}.")
        if np.ptp(values[:, 0]) == 0:
            raise BadTable("Segments need orders of different days; here all are of the same time.")
        known = values[~_new(values), :3]
        if len(np.unique(known, axis=0)) < FEWEST_CUSTOMERS // 2:
            raise BadTable(
                f"Segments need {FEWEST_CUSTOMERS // 2} customers who differ from each other and are not new "
                f"(first order at most {NEW_DAYS} days ago, and at most {NEW_ORDERS} of them)."
            )
        self._edges = np.quantile(values[:, :3], _FIFTHS, axis=0).T
        self.scale = Scale.of(known)
        points = self.scale.points(known)
        if self.method == HDBSCAN:
            self.clusters, self.outside = dense(points, self.seed)
        else:
            self.judged = judge(points, self.seed)
            before = self._previous.names if self._previous is not None and self._previous.method == KMEANS else ()
            self.clusters = kmeans(points, choose(self.judged, len(before) or None), self.seed)
        self.names = name_clusters(self.clusters.centres, *self._known_names(self.scale))
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        ranks = self._ranks(self._values(table)[:, :3])
        return pd.Series((ranks.mean(axis=1) - 1) / 4, index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        values = self._values(table)
        assert self.clusters is not None and self.scale is not None
        named = np.array(self.names, dtype=object)[self.clusters.assign(self.scale.points(values[:, :3]))]
        return pd.Series(np.where(_new(values), NEW, named), index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """Recency, frequency and money, the most telling (farthest from the average customer) first."""
        values = self._values(table)
        assert self.scale is not None
        order = np.argsort(-np.abs(self.scale.points(values[:, :3])), axis=1, kind="stable")
        told = [
            tuple(reason(self.columns[column], row[column]) for column in best)
            for row, best in zip(values, order, strict=True)
        ]
        return pd.Series(told, index=table.index, dtype=object)

    def save(self, folder: Path) -> None:
        """Write the model, its card, and the pictures that were drawn of it."""
        super().save(folder)
        for name, content in self.pictures.items():
            (folder / name).write_bytes(content)

    def profile(self, table: pd.DataFrame) -> pd.DataFrame:
        """Each segment: `customers`, and medians of recency, frequency and money, index `segment`, largest first."""
        grouped = table.groupby(self.label(table).rename("segment"))
        found = grouped[list(self.columns[:3])].median()
        found.insert(0, "customers", grouped.size())
        return found.sort_values("customers", ascending=False)

    def _known_names(self, scale: Scale) -> tuple[Floats | None, tuple[str, ...]]:
        """Centres of the previous clusters on today's scale, and their names."""
        before = self._previous
        if before is None or before.clusters is None or before.scale is None:
            return None, ()
        return scale.points(before.scale.back(before.clusters.centres)), before.names

    def _ranks(self, rfm: Floats) -> Floats:
        """Fifths from 1 to 5, 5 best, float (rows, 3)."""
        ranks = np.ones((len(rfm), 3))
        for column, edges in enumerate(self._edges):
            ranks[:, column] += np.searchsorted(edges, rfm[:, column])
        ranks[:, 0] = 6 - ranks[:, 0]  # the shorter ago, the better
        return ranks

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        assert self.clusters is not None and self.scale is not None
        parameters = {
            "method": self.method,
            "seed": self.seed,
            "names": list(self.names),
            "outside": self.outside,
            "judged": [vars(each) for each in self.judged],
        }
        arrays = {
            "exemplars": self.clusters.exemplars,
            "cluster": self.clusters.cluster,
            "mean": self.scale.mean,
            "deviation": self.scale.deviation,
            "edges": self._edges,
        }
        return parameters, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.method, self.seed, self.outside = parameters["method"], parameters["seed"], parameters["outside"]
        self.names = tuple(parameters["names"])
        self.judged = [Judged(**each) for each in parameters["judged"]]
        self.clusters = Clusters(arrays["exemplars"], arrays["cluster"])
        self.scale = Scale(arrays["mean"], arrays["deviation"])
        self._edges = arrays["edges"]


def _new(values: Floats) -> NDArray[np.bool_]:
    return np.asarray((values[:, 3] < NEW_DAYS) & (values[:, 1] <= NEW_ORDERS))

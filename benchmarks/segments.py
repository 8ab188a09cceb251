"""`rapport bench segments`: are segments apart, the same tomorrow, and worth something? On Online Retail.

Segments are found on the first half of the data; what their customers spend in the second half says whether telling
them apart pays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import retail
from benchmarks.errors import MissingData
from benchmarks.report import Report, Row
from bot.cli.display import step
from crm_models.features import features_at
from crm_models.history import History
from crm_models.segments.clusters import HDBSCAN, Scale
from crm_models.segments.model import NEW_DAYS, NEW_ORDERS, Segmentation
from crm_models.value.own_table import purchase_history

OURS, DENSE, FIFTHS = "K-Means", "HDBSCAN", "fifths"
SEED, RESAMPLES, SHARE = 7, 10, 0.8
LATER = timedelta(days=30)  # until the next training
Labels = Callable[[pd.DataFrame], np.ndarray]
Fit = Callable[[pd.DataFrame, Segmentation | None], tuple[Labels, Segmentation | None]]


@dataclass(frozen=True)
class Fifths:
    """Plain RFM by fifths (Hughes 1994), with names by rank: what most tools do."""

    edges: np.ndarray  # (3, 4)

    @classmethod
    def fit(cls, table: pd.DataFrame) -> Fifths:
        return cls(np.quantile(_rfm(table), (0.2, 0.4, 0.6, 0.8), axis=0).T)

    def label(self, table: pd.DataFrame) -> np.ndarray:
        ranks = np.array(
            [np.searchsorted(edges, column) for edges, column in zip(self.edges, _rfm(table).T, strict=True)]
        )
        recency, frequency, money = 5 - ranks[0], ranks[1] + 1, ranks[2] + 1
        return np.select(
            [
                (recency >= 4) & (frequency + money >= 8),
                (recency >= 3) & (frequency >= 3),
                recency >= 3,
                frequency >= 3,
            ],
            ["best", "loyal", "occasional", "drifting"],
            default="lost",
        )


def run(data: Path | None, quick: bool) -> Report:
    """Measure.

    Raises:
        MissingData: Online Retail is not in `data`.
    """
    if data is None:
        raise MissingData("The suite segments needs public data. Give --data the folder that holds online_retail_uci.")
    history = purchase_history(retail.read_purchases(data))
    table = features_at(history, retail.HALF)
    later = _spend(history, retail.HALF, retail.END).reindex(table.index).fillna(0.0)
    fits: dict[str, Fit] = {OURS: _clusters("kmeans"), DENSE: _clusters(HDBSCAN), FIFTHS: _fifths}
    measured: dict[str, dict[str, float | None]] = {}
    for name, fit in fits.items():
        with step(name):
            measured[name] = _measure(
                fit, table, features_at(history, retail.HALF + LATER), later, 2 if quick else RESAMPLES
            )
    rows = [
        _row("segments", "number", "", measured),
        _row("silhouette, of logarithms of recency, frequency and money", "silhouette", "", measured),
        _row("the same, without who is new", "silhouette_known", "", measured),
        _row("adjusted Rand index of resamples of 80 % of the customers", "stability", "", measured),
        _row("same name after training again 30 days later", "same_name", "share", measured),
        _row("spend of the next half year explained (eta squared of its logarithm)", "explained", "share", measured),
        _row("spend of the best segment over the mean", "best", "times", measured),
    ]
    return Report("segments", rows, {"segments": SEED}, _notes(table))


def _clusters(method: str) -> Fit:
    def fit(table: pd.DataFrame, before: Segmentation | None) -> tuple[Labels, Segmentation | None]:
        model = Segmentation(method, before, SEED).fit(table)
        return lambda others: model.label(others).to_numpy(dtype=str), model

    return fit


def _fifths(table: pd.DataFrame, before: Segmentation | None) -> tuple[Labels, None]:
    return Fifths.fit(table).label, None


def _measure(
    fit: Fit, table: pd.DataFrame, afterwards: pd.DataFrame, later: pd.Series, resamples: int
) -> dict[str, float | None]:
    from sklearn.metrics import adjusted_rand_score

    label, model = fit(table, None)
    labels = label(table)
    random = np.random.default_rng(SEED)
    again = []
    for _ in range(resamples):
        drawn = np.sort(random.choice(len(table), int(SHARE * len(table)), replace=False))
        again.append(adjusted_rand_score(labels, fit(table.iloc[drawn], None)[0](table)))
    # the same customers as they were, told by the model of 30 days later
    renamed = fit(afterwards, model)[0](table)
    points = Scale.of(_rfm(table)).points(_rfm(table))
    groups = later.groupby(labels)
    known = ((table["ordering_for"] >= NEW_DAYS) | (table["orders"] > NEW_ORDERS)).to_numpy()
    return {
        "number": float(len(set(labels))),
        "silhouette": _silhouette(points, labels),
        "silhouette_known": _silhouette(points[known], labels[known]),
        "stability": float(np.mean(again)),
        "same_name": float((renamed == labels).mean()),
        "explained": _eta_squared(np.log1p(later.to_numpy()), labels),
        "best": float(groups.mean().max() / later.mean()),
    }


def _silhouette(points: np.ndarray, labels: np.ndarray) -> float | None:
    """None where there is one segment only."""
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(points, labels)) if len(set(labels)) > 1 else None


def _eta_squared(values: np.ndarray, labels: np.ndarray) -> float:
    """Share of the variance that lies between the groups (Fisher 1925)."""
    frame = pd.DataFrame({"value": values, "label": labels})
    within = ((frame["value"] - frame.groupby("label")["value"].transform("mean")) ** 2).sum()
    return float(1 - within / ((values - values.mean()) ** 2).sum())


def _spend(history: History, start: datetime, end: datetime) -> pd.Series:
    orders = history.orders
    chosen = orders[(orders["placed_at"] >= start) & (orders["placed_at"] < end)]
    return chosen.groupby("customer_id")["value_cents"].sum() / 100


def _rfm(table: pd.DataFrame) -> np.ndarray:
    return table[list(Segmentation.columns[:3])].to_numpy(dtype=float)


def _row(name: str, measure: str, unit: str, measured: Mapping[str, Mapping[str, float | None]]) -> Row:
    found = {who: each[measure] for who, each in measured.items()}
    return Row(name, found.pop(OURS), unit, peers=found)


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    return (
        f"Online Retail: {len(table):,} customers with an order before {retail.HALF:%Y-%m-%d}; spend after it until "
        f"{retail.END:%Y-%m-%d}. Ours counts who ordered first less than {NEW_DAYS} days ago, and at most {NEW_ORDERS} "
        "times, as new; fifths do not.",
        "Ours chose the number of clusters by silhouette and stability on the first half; fifths are ranks of each of "
        "the three, with five names.",
    )

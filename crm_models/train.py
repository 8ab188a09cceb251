"""Training of all customer models on the shop's own data, measured on a time the model has not seen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.engine import Engine

from crm_models.churn import HORIZON, ChurnModel, churn_table
from crm_models.database import reading
from crm_models.errors import BadTable
from crm_models.features import features_at
from crm_models.history import History, read_history
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.purchase_log import PurchaseLog, read_purchases
from crm_models.recommendation import KIND as RECOMMENDATION
from crm_models.recommendation import Recommender
from crm_models.recommendation_evaluation import evaluate_recommender
from crm_models.scoring import Progress
from crm_models.segmentation import Segmentation

_BETWEEN = timedelta(days=60)  # two cut-offs to learn from
_WARM_UP = timedelta(days=120)  # of history before the first of them
_RESAMPLES = 200  # for the interval of the AUC


class TrainOutcome(StrEnum):
    TRAINED = "trained"
    TOO_LITTLE_DATA = "too_little_data"  # nothing written; an older model is removed


@dataclass(frozen=True)
class TrainResult:
    model: str
    outcome: TrainOutcome
    why: str = ""  # there is too little data, one sentence
    metrics: dict[str, float] = field(default_factory=dict)
    version: str | None = None


@dataclass(frozen=True)
class TrainReport:
    results: tuple[TrainResult, ...]

    def result(self, model: str) -> TrainResult:
        return next(result for result in self.results if result.model == model)


def train_all(
    engine: Engine, folder: Path, now: datetime, seed: int = 7, progress: Progress | None = None
) -> TrainReport:
    """Fit churn, segments and recommendation, and write each into its folder below `folder` with its card.

    Args:
        now: the end of the data to learn from, UTC without zone.
        seed: for the resampling behind the intervals; fitting itself draws nothing at random.
    """
    with reading(engine) as connection:
        history = read_history(connection)
        log = read_purchases(connection, now)
    steps: list[tuple[str, Callable[[], TrainResult]]] = [
        (ChurnModel.name, lambda: _train_churn(history, folder, now, seed)),
        (Segmentation.name, lambda: _train_segments(history, folder, now, seed)),
        (RECOMMENDATION, lambda: _train_recommender(log, folder, now, seed)),
    ]
    results = []
    for number, (name, train) in enumerate(steps, start=1):
        try:
            results.append(train())
        except BadTable as error:
            shutil.rmtree(folder / name, ignore_errors=True)
            results.append(TrainResult(name, TrainOutcome.TOO_LITTLE_DATA, str(error)))
        if progress is not None:
            progress("customer models", number, len(steps))
    return TrainReport(tuple(results))


def churn_cut_offs(history: History, last: datetime) -> list[datetime]:
    """Days to learn from, oldest first: `last` to calibrate on, and those whose outcome was known on that day.

    Raises:
        BadTable: the shop's history is too short for one such day.
    """
    first = history.first_order
    days = [last]
    day = last - HORIZON
    while first is not None and day - _WARM_UP >= first:
        days.append(day)
        day -= _BETWEEN
    if len(days) == 1:
        needed = 3 * HORIZON + _WARM_UP
        raise BadTable(f"Churn needs orders of at least {needed.days} days, up to now; this shop's are fewer.")
    return sorted(days)


def _train_churn(history: History, folder: Path, now: datetime, seed: int) -> TrainResult:
    """Measured by a model that ends half a year earlier than the one that is kept: what a year ago could know."""
    tested = now - HORIZON
    earlier = ChurnModel().fit(churn_table(history, churn_cut_offs(history, tested - HORIZON)))
    metrics = churn_metrics(earlier, churn_table(history, [tested]), seed)
    days = churn_cut_offs(history, tested)
    table = churn_table(history, days)
    model = ChurnModel().fit(table)
    model.version = model_version(model.name, now)
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose=f"The chance that a customer orders nothing for {HORIZON.days} days.",
        data=f"customers who ordered in the year before each of {len(days)} days, {_span(days[0], days[-1])}",
        rows=len(table),
        metrics=metrics,
        measured_on=f"{metrics['rows']:.0f} customers on {tested:%Y-%m-%d}, by the same procedure "
        f"with nothing known after that day",
        trained_at=now,
        code_version=code_version(),
        seed=seed,
        limits="For offers and for the order of work, not for refusing service. Customers without an order "
        "have no score.",
    )
    model.save(folder / model.name)
    return TrainResult(model.name, TrainOutcome.TRAINED, metrics=metrics, version=model.version)


def churn_metrics(model: ChurnModel, table: pd.DataFrame, seed: int) -> dict[str, float]:
    """AUC with a 95 % interval, calibration, and what `at_risk` is worth, on a table with the outcome."""
    from sklearn.metrics import brier_score_loss, roc_auc_score  # type: ignore[import-untyped]

    left = table["left"].to_numpy(dtype=bool)
    if left.all() or not left.any():
        raise BadTable("Churn cannot be measured: in the last half year either all customers left or none.")
    scores = model.predict(table).to_numpy()
    flagged = scores >= model.threshold
    low, high = _auc_interval(scores, left, seed)
    return {
        "auc": float(roc_auc_score(left, scores)),
        "auc_low": low,
        "auc_high": high,
        "auc_of_recency_alone": float(roc_auc_score(left, table["no_order_for"])),
        "brier": float(brier_score_loss(left, scores)),
        "share_left": float(left.mean()),
        "mean_score": float(scores.mean()),
        "share_at_risk": float(flagged.mean()),
        "precision_at_risk": float(left[flagged].mean()) if flagged.any() else 0.0,
        "recall_at_risk": float(flagged[left].mean()),
        "rows": float(len(table)),
    }


def _auc_interval(scores: NDArray[np.float64], left: NDArray[np.bool_], seed: int) -> tuple[float, float]:
    """Percentile bootstrap over customers (Efron 1979)."""
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(seed)
    values = []
    for _ in range(_RESAMPLES):
        drawn = random.integers(len(left), size=len(left))
        if 0 < left[drawn].sum() < len(left):
            values.append(roc_auc_score(left[drawn], scores[drawn]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def _train_segments(history: History, folder: Path, now: datetime, seed: int) -> TrainResult:
    table = features_at(history, now)
    model = Segmentation().fit(table)
    model.version = model_version(model.name, now)
    shares = model.label(table).value_counts(normalize=True)
    metrics = {f"share_{name}": float(shares.get(name, 0.0)) for name in model.labels}
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="Groups by recency, frequency and monetary value, to speak about customers.",
        data=f"all customers with an order before {now:%Y-%m-%d}",
        rows=len(table),
        metrics=metrics,
        measured_on="the same customers",
        trained_at=now,
        code_version=code_version(),
        seed=seed,
        limits="Describes the past; it predicts nothing.",
    )
    model.save(folder / model.name)
    return TrainResult(model.name, TrainOutcome.TRAINED, metrics=metrics, version=model.version)


def _train_recommender(log: PurchaseLog, folder: Path, now: datetime, seed: int) -> TrainResult:
    model = Recommender().fit(log, now)
    metrics: dict[str, float] = {}
    rates = evaluate_recommender(log)
    if rates is not None:
        metrics = {
            f"hit_rate_at_{rates.k}": rates.model,
            f"hit_rate_at_{rates.k}_of_popularity": rates.popularity,
            "customers": float(rates.customers),
        }
    model.card = ModelCard(
        name=RECOMMENDATION,
        version=model.version,
        purpose="One product that fits what the customer bought, or that is popular.",
        data=f"what was bought and kept before {now:%Y-%m-%d}, and the descriptions of {len(log.products)} products",
        rows=len(log),
        metrics=metrics,
        measured_on="the last order with something new of each customer, held back from a model of its own",
        trained_at=now,
        code_version=code_version(),
        seed=seed,
        limits="Personal only with the customer's consent. A product added later is unknown until the next training.",
    )
    model.save(folder / RECOMMENDATION)
    return TrainResult(RECOMMENDATION, TrainOutcome.TRAINED, metrics=metrics, version=model.version)


def _span(first: datetime, last: datetime) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"

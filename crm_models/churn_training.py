"""Training of the churn model on the shop's history, measured on a time that it has not seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.churn import HORIZON, ChurnModel, churn_table
from crm_models.errors import BadTable
from crm_models.history import History
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.training import TrainingContext

_BETWEEN = timedelta(days=60)  # two cut-offs to learn from
_WARM_UP = timedelta(days=120)  # of history before the first of them
_RESAMPLES = 200  # for the interval of the AUC


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


def train_churn(context: TrainingContext) -> ChurnModel:
    """Measured by a model that ends half a year earlier than the one that is kept: what a year ago could know."""
    history, now, seed = context.history, context.now, context.seed
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
    return model


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


def _span(first: datetime, last: datetime) -> str:
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"

"""What the gap adds on a time that was not learned from: to churn, and to the category bought next."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.churn.candidates import CANDIDATES
from crm_models.churn.comparison import Plan
from crm_models.churn.model import ChurnModel
from crm_models.churn.shop_table import HORIZON, churn_cut_offs, churn_table
from crm_models.gap_model.behaviour import BOUGHT, behaviour_at, column_of
from crm_models.gap_model.model import GapModel
from crm_models.history import History

Floats = NDArray[np.float64]

CHURN_GAIN = ("churn_auc_gain", "churn_auc_gain_low", "churn_auc_gain_high")
NEXT_GAIN = ("next_category_gain", "next_category_gain_low", "next_category_gain_high")
_PLAN = Plan(repeats=1, folds=3, most_rows=4_500, candidates={"shallow boosting": CANDIDATES["shallow boosting"]})
_TOP = 2  # categories
_PRIOR = 5.0  # purchases of an average customer, added to a customer's own
_RESAMPLES = 200


def churn_gain(history: History, now: datetime, seed: int) -> dict[str, float]:
    """AUC of leaving in the last half year, with the gap less without it, the same trees; 95 % bootstrap interval.

    Raises:
        BadTable: the history is too short, or too few looked at something.
    """
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

    tested = now - HORIZON
    learn = churn_table(history, churn_cut_offs(history, tested - HORIZON))
    ask = churn_table(history, [tested])
    left = ask["left"].to_numpy(dtype=bool)
    plain, gapped = (
        ChurnModel(_PLAN, with_gap=with_gap).fit(learn).predict(ask).to_numpy() for with_gap in (False, True)
    )
    random = np.random.default_rng(seed)
    gains = []
    for _ in range(_RESAMPLES):
        drawn = random.integers(len(left), size=len(left))
        if 0 < left[drawn].sum() < len(left):
            gains.append(roc_auc_score(left[drawn], gapped[drawn]) - roc_auc_score(left[drawn], plain[drawn]))
    gain = float(roc_auc_score(left, gapped) - roc_auc_score(left, plain))
    return dict(zip(CHURN_GAIN, (gain, *_interval(gains)), strict=True))


def next_category_gain(history: History, now: datetime, seed: int) -> dict[str, float]:
    """Share of the lines of the last half year that lie in the two likeliest categories of their customer: by what was
    bought before, with the boosts of the gap and without; 95 % bootstrap interval over the customers."""
    tested = now - HORIZON
    table = behaviour_at(history, tested)
    model = GapModel().fit(table)
    bought = table[[BOUGHT + name for name in model.categories]].to_numpy()
    likely = bought + _PRIOR * bought.sum(axis=0) / bought.sum()
    later = _bought_later(history, tested, now, table.index, model.categories)
    chosen = later.sum(axis=1) > 0
    without, boosted = (
        _share_in_top(scores[chosen], later[chosen])
        for scores in (likely, likely * model.category_boosts(table).to_numpy())
    )
    random = np.random.default_rng(seed)
    gains = boosted - without
    means = [gains[random.integers(len(gains), size=len(gains))].mean() for _ in range(_RESAMPLES)]
    return {
        "next_category_without": float(without.mean()),
        **dict(zip(NEXT_GAIN, (float(gains.mean()), *_interval(means)), strict=True)),
    }


def _bought_later(
    history: History, start: datetime, end: datetime, index: pd.Index[str], categories: tuple[str, ...]
) -> Floats:
    lines = history.bought
    lines = lines[(lines["created_at"] >= start) & (lines["created_at"] < end) & lines["cancelled_at"].isna()]
    counts = lines.groupby(["customer_id", lines["category"].map(column_of)]).size().unstack(fill_value=0)
    return np.asarray(counts.reindex(index=index, columns=list(categories)).fillna(0.0), dtype=np.float64)


def _share_in_top(scores: Floats, later: Floats) -> Floats:
    top = np.argsort(-scores, axis=1, kind="stable")[:, :_TOP]
    return np.asarray(np.take_along_axis(later, top, axis=1).sum(axis=1) / later.sum(axis=1))


def _interval(values: list[float]) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))

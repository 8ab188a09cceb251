"""Training of the churn model on the shop's history, measured on a time that the model has not seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import pandas as pd

from crm_models.churn.comparison import Comparison, Plan
from crm_models.churn.metrics import auc_interval, scores_of
from crm_models.churn.model import SHOP_PLAN, ChurnModel
from crm_models.churn.shop_table import HORIZON, churn_cut_offs, churn_table
from crm_models.churn.table_model import TableChurn
from crm_models.errors import BadTable
from crm_models.gap_model.measure import CHURN_GAIN
from crm_models.gap_model.model import GapModel
from crm_models.model_files import ModelCard, code_version, model_version, read_card
from crm_models.registry.versions import current_folder
from crm_models.training import Progress, TrainingContext


def train_churn(context: TrainingContext) -> ChurnModel:
    """Measured by a model that ends half a year earlier than the one that is kept: what a year ago could know.

    The gap between interest and purchases is read only where the card of the gap model, trained before, says that it
    adds something: the interval of what it adds to the AUC lies above 0.

    Raises:
        BadTable: the history is too short, or too few customers left or stayed.
    """
    history, now, seed = context.history, context.now, context.seed
    tested = now - HORIZON
    gap = current_folder(context.folder, GapModel.name)
    gap_card = None if gap is None else read_card(gap)
    gain = {} if gap_card is None else {name: gap_card.metrics[name] for name in CHURN_GAIN if name in gap_card.metrics}
    with_gap = gain.get(CHURN_GAIN[1], 0.0) > 0
    earlier = ChurnModel(replace(SHOP_PLAN, repeats=1), context.progress, with_gap)
    earlier.fit(churn_table(history, churn_cut_offs(history, tested - HORIZON)))
    metrics = churn_metrics(earlier, churn_table(history, [tested]), seed)
    days = churn_cut_offs(history, tested)
    table = churn_table(history, days)
    model = ChurnModel(SHOP_PLAN, context.progress, with_gap).fit(table)
    model.version = model_version(model.name, now)
    assert model.comparison is not None
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose=f"The chance that a customer orders nothing for {HORIZON.days} days.",
        data=f"customers who ordered in the year before each of {len(days)} days, "
        f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}",
        rows=len(table),
        metrics={**metrics, **gain, "gap_is_used": float(with_gap)},
        measured_on=f"{metrics['rows']:.0f} customers on {tested:%Y-%m-%d}, by the same procedure "
        f"with nothing known after that day",
        trained_at=now,
        code_version=code_version(),
        seed=seed,
        limits="For offers and for the order of work, not for refusing service. Customers without an order "
        "have no score.",
        candidates=model.comparison.scores,
        chosen=told(model.comparison, f"{SHOP_PLAN.repeats} x {SHOP_PLAN.folds}-fold by customer on the earlier days"),
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
    low, high = auc_interval(scores, left, seed)
    found = scores_of(scores, left)
    return {
        "auc": found["auc"],
        "auc_low": low,
        "auc_high": high,
        "auc_of_recency_alone": float(roc_auc_score(left, table["no_order_for"].to_numpy())),
        "pr_auc": found["pr_auc"],
        "ece": found["ece"],
        "brier": float(brier_score_loss(left, scores)),
        "share_left": float(left.mean()),
        "mean_score": float(scores.mean()),
        "share_at_risk": float(flagged.mean()),
        "precision_at_risk": float(left[flagged].mean()) if flagged.any() else 0.0,
        "recall_at_risk": float(flagged[left].mean()),
        "rows": float(len(table)),
    }


def train_from_table(
    table: pd.DataFrame,
    target: str,
    now: datetime,
    *,
    left_value: str | None = None,
    keep: Collection[str] = (),
    seed: int = 7,
    plan: Plan | None = None,
    progress: Progress | None = None,
) -> TableChurn:
    """Churn from a table of the user's own, one row a customer; with a version and a card.

    Args:
        target: the column that says who left; it has two values, rows without one are left out.
        left_value: the value that means "left"; else by what the values say, or the rarer one.
        keep: columns to use although their names say that they are protected (such as `gender`).
        now: the moment of training, UTC without zone.
        plan: of the comparison; by default three times five folds.

    Raises:
        BadTable: names the column and the rule that the table breaks.
    """
    plan = plan or Plan(seed=seed)
    model = TableChurn(target, left_value, keep, plan, progress).fit(table)
    model.version = model_version(model.name, now)
    found = model.comparison
    assert found is not None
    how = f"{plan.repeats} x {plan.folds}-fold"
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose=f"The chance that {target} is {model.left_value}, which means that the customer left, "
        f"{model.why_left}.",
        data=" ".join([f"A table with the columns {', '.join(model.columns)}.", *model.ignored]),
        rows=int(table[target].notna().sum()),
        metrics={**found.scores[found.chosen], "share_left": found.share_left, "threshold": model.threshold},
        measured_on=f"rows that were not learned from, {how}; ± is the standard deviation over the repeats",
        trained_at=now,
        code_version=code_version(),
        seed=seed,
        limits="For customers like those of the table; a category that it does not hold counts as missing.",
        candidates=found.scores,
        chosen=told(found, how),
    )
    return model


def told(found: Comparison, how: str) -> str:
    """Which candidate serves, and why, one sentence."""
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found.weights.items())
    return f"{found.chosen} serves ({weights}): {found.because} ({how})."

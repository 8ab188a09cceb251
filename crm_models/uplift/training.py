"""Uplift from the shop's campaigns or from a table of the user's own, and its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from crm_models.campaigns import read_campaigns, read_members
from crm_models.database import reading
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.training import TrainingContext
from crm_models.uplift.comparison import Comparison
from crm_models.uplift.model import CONFIDENCE, SEED, UpliftModel
from crm_models.uplift.table import OUTCOME, PROPENSITY, TREATED, read_trial, uplift_table

_RANDOM_AUC = 0.55  # above which an estimated propensity says that the arms differ


def train_uplift(context: TrainingContext) -> UpliftModel:
    """From all campaigns of the shop that are over and had a control group.

    Raises:
        BadTable: there is no such campaign, or it was too small.
    """
    with reading(context.engine) as connection:
        found = read_campaigns(connection, context.now)
        campaigns = [(each, read_members(connection, each.campaign_id)) for each in found]
    table = uplift_table(context.history, campaigns, context.now)
    names = ", ".join(campaign.name for campaign, _ in campaigns)
    model = UpliftModel(seed=context.seed).fit(
        table, lambda done, total: context.progress("learners of uplift", done, total)
    )
    return _with_card(model, table, f"the campaigns: {names}", context.now)


def train_from_table(
    table: pd.DataFrame,
    treatment: str,
    outcome: str,
    now: datetime,
    *,
    columns: Sequence[str] | None = None,
    treated: Any = None,
    control: Any = None,
    propensity: str | None = None,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
) -> UpliftModel:
    """From a table of the user's own, one row a customer; see `read_trial` for the arms.

    Args:
        columns: what is known of a customer before the offer; all others but the index by default. What was filled
            after the offer must be left out: it would tell the outcome.

    Raises:
        BadTable: names the column and the rule.
    """
    trial = read_trial(table, treatment, outcome, treated=treated, control=control, propensity=propensity)
    chosen = columns or [name for name in trial.columns if name not in (TREATED, OUTCOME, PROPENSITY)]
    model = UpliftModel(chosen, seed).fit(trial, progress)
    arms = f"{treatment} {treated} against {control}" if treated is not None else treatment
    return _with_card(model, trial, f"a table of the user's own, {arms}, outcome {outcome}", now)


def _with_card(model: UpliftModel, table: pd.DataFrame, data: str, now: datetime) -> UpliftModel:
    found = model.comparison
    assert found is not None and model.calibration is not None
    model.version = model_version(model.name, now)
    metrics = {
        "qini_percent": 100 * found.held_out[found.best],
        "qini_percent_low": 100 * found.low,
        "qini_percent_high": 100 * found.high,
        "average_effect": model.calibration.average,
        "calibration_slope": model.calibration.slope,
        "calibration_slope_error": model.calibration.slope_error,
        "control_rate": model.control_rate,
        "share_treated": float(table[TREATED].mean()),
        "rows_held_out": float(found.rows),
        **{f"qini_percent_{name}": 100 * value for name, value in found.held_out.items()},
        **{f"weight_{name}": value for name, value in found.weights.items()},
        **{f"chosen_by_{name}": 100 * value for name, value in found.chosen_by.items()},
    }
    if model.treatment_auc is not None:
        metrics["treatment_auc"] = model.treatment_auc
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="By how much an offer changes the chance that a customer comes.",
        data=data,
        rows=len(table),
        metrics=metrics,
        measured_on=f"{found.rows} rows of customers that neither fitted nor weighted. Qini: area between curve and "
        "diagonal, in percent of a treated customer, 95 % by bootstrap",
        trained_at=now,
        code_version=code_version(),
        seed=model.seed,
        limits=_limits(model),
        chosen=f"the average of {_parts_in_words(found)}: weighted by the Qini of a cross-validation on the other "
        "customers (chosen_by), nearly equally where that cannot tell them apart",
    )
    return model


def _parts_in_words(found: Comparison) -> str:
    return ", ".join(f"{name} ({weight:.0%})" for name, weight in found.weights.items())


def _limits(model: UpliftModel) -> str:
    assert model.comparison is not None
    said = [f"Sleeping dogs and persuadables are named with a confidence of {CONFIDENCE:.0%}, of one kind of offer."]
    if model.comparison.low <= 0:
        said.append("The interval of the Qini includes zero: this order of customers may be no better than chance.")
    if model.treatment_auc is not None and model.treatment_auc > _RANDOM_AUC:
        said.append(
            f"Who got the offer was not drawn at random (AUC {model.treatment_auc:.2f}); the propensity is estimated, "
            "and what nobody wrote down may still mislead."
        )
    return " ".join(said)

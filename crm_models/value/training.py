"""Lifetime value from the shop's history, and its card."""

from __future__ import annotations

from datetime import datetime

from crm_models.history import History
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.value.candidates import COVERAGE
from crm_models.value.model import HORIZON_DAYS, LifetimeValue
from crm_models.value.table import value_cut_offs, value_table


def train_value(
    history: History,
    now: datetime,
    horizon_days: int = HORIZON_DAYS,
    margin: float = 1.0,
    trained_at: datetime | None = None,
) -> LifetimeValue:
    """Fit and describe.

    Args:
        now: the end of the data to learn from, UTC without zone.
        horizon_days: over how long the value is counted.
        margin: share of the spend that is earned; 1.0 values customers by their spend.
        trained_at: the moment of training, `now` where the data reach until then.

    Raises:
        BadTable: too few customers, or no order with an amount.
    """
    days = value_cut_offs(history, now, horizon_days)
    table = value_table(history, days)
    model = LifetimeValue(horizon_days, margin).fit(table)
    trained_at = trained_at or now
    model.version = model_version(model.name, trained_at)
    present = table[table["cut_off"] == now]
    metrics = dict(model.comparison.metrics) if model.comparison else {}
    compared = (
        f"what {metrics['rows']:.0f} customers ordered in the {metrics['period_days']:.0f} days before "
        f"{now:%Y-%m-%d}, by candidates that knew nothing of it; {model.served} had the least error and is served"
        if model.comparison
        else f"nothing: the history is too short to hold a period back, so {model.served} is served"
    )
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose=f"What a customer spends in the next {horizon_days} days, in cents"
        + (f", of which {margin:.0%} are earned." if margin != 1.0 else "."),
        data=f"all customers with an order before {now:%Y-%m-%d}",
        rows=len(present),
        metrics={**metrics, **model.summary(present)},
        measured_on=compared,
        trained_at=trained_at,
        code_version=code_version(),
        limits=f"An expectation, not a promise: between low and high lie {COVERAGE:.0%} of the customers. Assumes that "
        "shop and assortment go on as they did.",
    )
    return model

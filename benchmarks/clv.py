"""`rapport bench clv`: what customers will order and spend, on CDNOW and Online Retail.

Each model knows the purchases until a day and says what comes after it. Ours chooses between its candidates on periods
before that day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import cdnow, retail
from benchmarks.errors import MissingData
from benchmarks.report import Report, Row, Target, at_most, between
from bot.cli.display import step
from crm_models.history import History
from crm_models.value.bg_nbd import BgNbd
from crm_models.value.candidates import COVERAGE
from crm_models.value.gamma_gamma import GammaGamma
from crm_models.value.inputs import COLUMNS, buying_of, money_of
from crm_models.value.model import LifetimeValue
from crm_models.value.own_table import purchase_history
from crm_models.value.pareto_nbd import ParetoNbd
from crm_models.value.predictive import Outlook
from crm_models.value.table import value_table
from crm_models.value.training import train_value

OURS, BG, PARETO, NAIVE = "ours", "BG/NBD", "Pareto/NBD", "same rate as before"
QUICK_CUSTOMERS = 10  # one in so many
ANCHOR = "Pareto/NBD 1.603, bias -11 %"
Array = np.ndarray


@dataclass(frozen=True)
class Task:
    """What is known on a day, and what came in the `horizon` days after it; money in cents."""

    history: History
    day: datetime
    horizon: float
    values: Array  # COLUMNS on that day, float (customers, columns)
    customers: pd.Index
    orders: Array  # that came, float (customers,)
    cents: Array

    @classmethod
    def of(cls, purchases: pd.DataFrame, day: datetime, until: datetime) -> Task:
        history = purchase_history(purchases[purchases["date"] < until])
        table = value_table(history, [day, until])
        table = table[table["cut_off"] == day]
        outcome = (table[name].to_numpy(dtype=float) for name in ("future_orders", "future_cents"))
        known = History(**{**vars(history), "orders": history.orders[history.orders["placed_at"] < day]})
        horizon = (until - day).total_seconds() / 86_400
        return cls(known, day, horizon, table[list(COLUMNS)].to_numpy(dtype=float), table.index, *outcome)


def run(data: Path | None, quick: bool) -> Report:
    """Measure on both data sets.

    Raises:
        MissingData: a data set is not in `data`.
    """
    if data is None:
        raise MissingData("The suite clv needs public data. Give --data the folder that holds cdnow.")
    log, sample = cdnow.read_transactions(data), cdnow.read_sample(data)
    purchases = retail.read_purchases(data)
    candidates = cdnow.sample_candidates(log, sample)
    if quick:
        log, purchases = _some(log), _some(purchases)
    with step("CDNOW") as running:
        discs = Task.of(log, cdnow.CALIBRATED_UNTIL, cdnow.HELD_OUT_UNTIL)
        model, found = _everybody(discs)
        running.result = f"{model.served} is served"
    rows = [] if quick else _sample_rows(discs, found, cdnow.sample_weights(candidates, discs.customers), sample)
    rows += _rows("CDNOW, all customers", discs, found)
    with step("Online Retail") as running:
        gifts = Task.of(purchases, retail.HALF, retail.END)
        wholesale, found = _everybody(gifts)
        running.result = f"{wholesale.served} is served"
    rows += _rows("Online Retail", gifts, found)
    return Report("clv", rows, notes=_notes(discs, gifts, model, wholesale, candidates))


def _some(purchases: pd.DataFrame) -> pd.DataFrame:
    kept = np.sort(purchases["customer_id"].unique())[::QUICK_CUSTOMERS]
    return purchases[purchases["customer_id"].isin(kept)]


def _everybody(task: Task) -> tuple[LifetimeValue, dict[str, Outlook]]:
    """Ours, fitted on what is known on the day, and what each model expects."""
    model = train_value(task.history, task.day, horizon_days=round(task.horizon))
    found = {OURS: model.outlook(task.values, task.horizon)}
    buying, (orders, mean) = buying_of(task.values), money_of(task.values)
    spend = GammaGamma.fit(*money_of(task.values, paid_only=True)).expected(orders, mean)
    one = np.ones_like(orders)
    for name, kind in ((BG, BgNbd), (PARETO, ParetoNbd)):
        found[name] = Outlook(one, kind.fit(buying).expected(buying, task.horizon), one, spend, one)
    rate = buying.frequency / np.maximum(buying.T, 1.0)
    found[NAIVE] = Outlook(one, rate * task.horizon, one, mean, one)
    return model, found


def _sample_rows(task: Task, found: Mapping[str, Outlook], weight: Array, sample: cdnow.RepeatBuying) -> list[Row]:
    """On the published sample, with its peers fitted on the sample alone, as they were published."""
    expected = {name: each.orders for name, each in found.items()}
    buying = buying_of(task.values)
    weeks = cdnow.RepeatBuying(buying.frequency, buying.recency / 7, buying.T / 7)
    for name, kind in ((BG, BgNbd), (PARETO, ParetoNbd)):
        expected[name] = kind.fit(sample).expected(weeks, cdnow.WEEKS)
    title = f"CDNOW, {len(sample):,} customers, 39 weeks"
    return [
        _row(f"{title}: RMSE of orders", expected, lambda each: _rmse(each, task.orders, weight), "",
             at_most(1.58), ANCHOR),
        _row(f"{title}: bias of orders", expected, lambda each: _bias(each, task.orders, weight), "%",
             between(-5.0, 5.0), ANCHOR),
    ]  # fmt: skip


def _rows(title: str, task: Task, found: Mapping[str, Outlook]) -> list[Row]:
    orders = {name: each.orders for name, each in found.items()}
    spend = {name: each.spend for name, each in found.items()}
    held = _held(found[OURS], task)
    return [
        _row(f"{title}: RMSE of orders", orders, lambda each: _rmse(each, task.orders)),
        _row(f"{title}: bias of orders", orders, lambda each: _bias(each, task.orders), "%"),
        _row(f"{title}: RMSE of spend", spend, lambda each: _rmse(each, task.cents) / 100),
        _row(f"{title}: bias of spend", spend, lambda each: _bias(each, task.cents), "%"),
        _row(f"{title}: rank correlation of spend", spend, lambda each: _spearman(each, task.cents)),
        Row(f"{title}: orders within the {COVERAGE:.0%} interval", held[0], "share"),
        Row(f"{title}: spend within the {COVERAGE:.0%} interval", held[1], "share"),
    ]


def _row(
    name: str,
    found: Mapping[str, Array],
    measure: Callable[[Array], float],
    unit: str = "",
    target: Target | None = None,
    anchor: str | None = None,
) -> Row:
    measured = {who: measure(each) for who, each in found.items()}
    return Row(name, measured.pop(OURS), unit, target, measured, anchor)


def _rmse(expected: Array, came: Array, weight: Array | None = None) -> float:
    return float(np.sqrt(np.average((expected - came) ** 2, weights=weight)))


def _bias(expected: Array, came: Array, weight: Array | None = None) -> float:
    return 100 * float(np.average(expected, weights=weight) / np.average(came, weights=weight) - 1)


def _spearman(expected: Array, came: Array) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(expected, came).statistic)


def _held(outlook: Outlook, task: Task) -> tuple[float, float]:
    low, high = (1.0 - COVERAGE) / 2, (1.0 + COVERAGE) / 2
    orders = (outlook.order_quantile(low) <= task.orders) & (task.orders <= outlook.order_quantile(high))
    spend = (outlook.spend_quantile(low) <= task.cents) & (task.cents <= outlook.spend_quantile(high))
    return float(orders.mean()), float(spend.mean())


def _notes(
    discs: Task, gifts: Task, model: LifetimeValue, wholesale: LifetimeValue, candidates: list[list[str]]
) -> tuple[str, ...]:
    sure = sum(len(each) == 1 for each in candidates)
    return (
        f"CDNOW: {len(discs.orders):,} customers known until {discs.day:%Y-%m-%d}, {discs.horizon:.0f} days ahead. The "
        f"published sample is given without customers' numbers: {sure:,} of {len(candidates):,} are found in the log "
        "without doubt; for the others the mean over those who are alike is taken.",
        "Peers of the sample are fitted on the sample, as published; all else on all customers. Ours is fitted on the "
        f"purchases of all customers until {discs.day:%Y-%m-%d} and chose between its candidates on periods before it.",
        f"Online Retail: {len(gifts.orders):,} customers known until {gifts.day:%Y-%m-%d}, {gifts.horizon:.0f} days "
        "ahead; a day is an order, returns of the day are taken off.",
        *(_chosen(name, each) for name, each in (("CDNOW", model), ("Online Retail", wholesale))),
        "Money with Gamma-Gamma over all orders; spend in the data's currency.",
    )


def _chosen(name: str, model: LifetimeValue) -> str:
    if model.comparison is None:
        return f"{name}: the history is too short to compare candidates; {model.served} is served."
    errors = {
        each.removeprefix("orders_rmse_"): value
        for each, value in model.comparison.metrics.items()
        if each.startswith("orders_rmse_")
    }
    told = ", ".join(f"{each} {value:.4g}" for each, value in errors.items())
    return f"{name}, RMSE on the period held back for the choice: {told}; {model.served} is served."

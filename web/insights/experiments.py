"""The pages about experiments: which there are, and what each has shown so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy.engine import Connection

from crm_models.errors import UnknownExperiment
from crm_models.experiments import words
from crm_models.experiments.analysis import Look, look
from crm_models.experiments.experiment import Metric
from crm_models.experiments.looks import RecordedLook, read_looks
from crm_models.experiments.store import find_experiment, list_experiments
from crm_models.order_margins import Margin
from crm_models.shop_policy import read_facts
from web.errors import Refused
from web.insights.interval_chart import Bounds, interval_chart
from web.pages import render
from web.services import services_of
from web.staff.access import READERS, require

router = APIRouter(prefix="/insights/experiments", include_in_schema=False)


@router.get("")
async def all_experiments(request: Request) -> Response:
    """The running ones come first."""
    member = await require(request, READERS)
    found = await services_of(request).database.read(list_experiments)
    found.sort(key=lambda each: each.status != "running")  # the newest stay first among each
    return render(request, "insights/experiments.html", {"member": member, "experiments": found, "words": words})


@router.get("/{experiment_id}")
async def one_experiment(request: Request, experiment_id: str) -> Response:
    """As of now; looking at the page is not kept as a look, though it might be: it changes nothing."""
    member = await require(request, READERS)
    services = services_of(request)
    try:
        values = await services.database.read(_read, experiment_id, services.now(), services.offer_policy.margin)
    except UnknownExperiment:
        raise Refused(404, "not_found") from None
    return render(request, "insights/experiment.html", {"member": member, "words": words, **values})


def _read(connection: Connection, experiment_id: str, now: datetime, margin: Margin) -> dict[str, object]:
    experiment = find_experiment(connection, experiment_id)
    currency = read_facts(connection).currency
    found = look(connection, experiment, now, margin)
    return {
        "look": found,
        "experiment": experiment,
        "currency": currency,
        "charts": _charts(found, read_looks(connection, experiment_id), currency),
        "decision": experiment.stopped_because or words.decision_in_words(found),
    }


def _charts(found: Look, looks: Sequence[RecordedLook], currency: str) -> dict[tuple[Metric, str], Markup]:
    """By metric and variant, the recorded looks and the one of now."""
    charts = {}
    for comparison in found.comparisons:
        metric, variant = comparison.metric, comparison.variant
        bounds = [
            _bounds(each.looked_at, each.effect, each.low, each.high, each.customers, metric, currency)
            for each in looks
            if (each.metric, each.variant) == (metric, variant)
        ]
        interval = comparison.interval
        if interval is not None and found.experiment.stopped_at is None:
            now = (found.at, interval.effect, interval.low, interval.high, comparison.customers)
            bounds.append(_bounds(*now, metric, currency))
        unit, scale = (" pt", 100.0) if metric.is_share else ("", 1.0)
        charts[metric, variant] = interval_chart(bounds, f"{variant} against the control over time", unit, scale)
    return charts


def _bounds(
    at: datetime, effect: float, low: float, high: float, customers: int, metric: Metric, currency: str
) -> Bounds:
    change = words.change_of(metric, effect, currency)
    span = f"{words.change_of(metric, low, currency)} to {words.change_of(metric, high, currency)}"
    return Bounds(at, effect, low, high, f"{at:%d %b %H:%M}: {change} ({span}), {customers:,} customers")
